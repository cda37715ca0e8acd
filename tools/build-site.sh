#!/bin/sh
# Builds the static site into dist/. Run it by `make site`, which sets up the
# tools and PATH. Intermediate files are kept in build/, and a step whose input
# did not change is not repeated.
set -eu
cd "$(dirname "$0")/.."

mkdir -p build

# ---- which build this is: the results file says it ---------------------------

version=$(sed -n 's/^version *= *"\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=$version
if commit=$(git log -1 --format=%h.%cs 2>/dev/null); then
    name=$version+$commit
    [ -z "$(git status --porcelain)" ] || name=$name.edited
fi

# ---- Rust -> wasm -------------------------------------------------------------

tools/build-wasm.sh headscope fixed build/pkg

# ---- the chart library --------------------------------------------------------

esbuild www/vendor-src/plot.entry.js --bundle --minify --format=esm --target=es2022 \
    --log-level=warning --metafile=build/plot.meta.json --outfile=build/vendor/plot.js
node tools/licences.mjs build/plot.meta.json >build/LICENSES.txt

# ---- dist/ --------------------------------------------------------------------

# Put together beside and swapped in whole, so that no file of an earlier build
# stays and a server never sees half a site.
rm -rf build/dist
mkdir -p build/dist/pkg build/dist/data/tiny
cp -R www/. build/dist/
rm -rf build/dist/vendor-src build/dist/tsconfig.json build/dist/types.d.ts
cp build/pkg/headscope.js build/pkg/headscope_bg.wasm build/dist/pkg/
cp -R build/vendor build/dist/
sed -i "s/^export const BUILD = .*/export const BUILD = '$name';/" build/dist/build.js
cp -R data/semantic_words.csv data/tokenizer data/gpt2 build/dist/data/
cp data/tiny/config.json data/tiny/model.safetensors build/dist/data/tiny/
cp build/LICENSES.txt build/dist/
rm -rf dist
mv build/dist dist

echo "site: dist/ is complete: $(du -sk dist | cut -f 1) kB, of which wasm $(($(wc -c <dist/pkg/headscope_bg.wasm) / 1024)) kB, build $name"
