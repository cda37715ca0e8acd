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

# ---- Rust -> wasm, twice -------------------------------------------------------

# Relaxed vectors fuse a product and its sum, which not every browser can: a
# module that has them does not compile there. So there are two, and the page
# chooses (www/wasm.js). One JavaScript serves both: they differ in comments alone.
mkdir -p build/pkg
for kind in relaxed fixed; do
    tools/build-wasm.sh headscope $kind build/wasm/$kind
    cp build/wasm/$kind/headscope_bg.wasm build/pkg/$kind.wasm
    esbuild build/wasm/$kind/headscope.js --minify --log-level=warning \
        --outfile=build/wasm/$kind.js --allow-overwrite
done
cmp build/wasm/relaxed.js build/wasm/fixed.js
cp build/wasm/fixed.js build/pkg/headscope.js

# ---- libraries for the page ----------------------------------------------------

esbuild www/vendor-src/plot.entry.js --bundle --minify --format=esm --target=es2022 \
    --log-level=warning --metafile=build/plot.meta.json --outfile=build/vendor/plot.js
esbuild www/vendor-src/wasm-features.entry.js --bundle --minify --format=esm --target=es2022 \
    --log-level=warning --metafile=build/features.meta.json --outfile=build/vendor/wasm-features.js
node tools/licences.mjs build/plot.meta.json build/features.meta.json >build/LICENSES.txt

# ---- dist/ --------------------------------------------------------------------

# Put together beside and swapped in whole, so that no file of an earlier build
# stays and a server never sees half a site.
rm -rf build/dist
mkdir -p build/dist/pkg build/dist/data/tiny
cp -R www/. build/dist/
rm -rf build/dist/vendor-src build/dist/tsconfig*.json build/dist/types.d.ts
cp build/pkg/* build/dist/pkg/
cp -R build/vendor build/dist/
mkdir -p build/dist/data/tokenizer
cp data/tokenizer/merges.bin build/dist/data/tokenizer/
# Comments and blanks go: they would be a third of what is fetched.
esbuild build/dist/*.js build/dist/css/*.css --minify \
    --outdir=build/dist --allow-overwrite --log-level=warning
# Not part of the first load, and its hashes are written into it line by line.
cp www/service-worker.js build/dist/
cp -R data/semantic_words.csv data/gpt2 build/dist/data/
cp data/tiny/config.json data/tiny/model.safetensors build/dist/data/tiny/
cp build/LICENSES.txt build/dist/
node tools/stamp-site.mjs build/dist "$name"
rm -rf dist
mv build/dist dist

echo "site: dist/ is complete: $(du -sk dist | cut -f 1) kB, of which wasm $(($(wc -c <dist/pkg/fixed.wasm) / 1024)) kB, build $name"
