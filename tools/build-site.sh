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
# chooses (www/engine/wasm.js). One JavaScript serves both: they differ in comments alone.
mkdir -p build/pkg
tools/build-wasm.sh headscope-site relaxed build/wasm/relaxed &
relaxed=$!
tools/build-wasm.sh headscope-site simd128 build/wasm/simd128
wait $relaxed
for kind in relaxed simd128; do
    cp build/wasm/$kind/headscope_site_bg.wasm build/pkg/$kind.wasm
    esbuild build/wasm/$kind/headscope_site.js --minify --log-level=warning \
        --outfile=build/wasm/$kind.js --allow-overwrite
done
cmp build/wasm/relaxed.js build/wasm/simd128.js
cp build/wasm/simd128.js build/pkg/headscope.js

# ---- the page --------------------------------------------------------------------

rm -rf build/stage build/dist
cp -R www build/stage
cp -R build/pkg build/stage/
node tools/bundle-site.mjs build/stage build/dist

# ---- dist/ --------------------------------------------------------------------

# Put together beside and swapped in whole, so that no file of an earlier build
# stays and a server never sees half a site.
mkdir -p build/dist/data/tiny build/dist/data/tokenizer
cp build/pkg/*.wasm build/dist/pkg/
cp data/tokenizer/merges.bin build/dist/data/tokenizer/
cp -R data/gpt2 build/dist/data/
cp data/tiny/config.json data/tiny/model.safetensors build/dist/data/tiny/
node tools/licences.mjs build/site.meta.json >build/dist/LICENSES.txt
node tools/stamp-site.mjs build/dist "$name"
rm -rf dist
mv build/dist dist

echo "site: dist/ is complete: $(du -sk dist | cut -f 1) kB, of which wasm $(($(wc -c <dist/pkg/simd128.wasm) / 1024)) kB, build $name"
