#!/bin/sh
# Builds the static site into dist/. Run it by `make site`, which sets up the
# tools and PATH. Intermediate files are kept in build/, and a step whose input
# did not change is not repeated.
set -eu
cd "$(dirname "$0")/.."

target=wasm32-unknown-unknown
# Every feature Rust's wasm target switches on, and the vectors.
wasm_opt_flags='-O3
    --enable-simd --enable-bulk-memory --enable-bulk-memory-opt
    --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals
    --enable-reference-types --enable-multivalue --enable-call-indirect-overlong'

mkdir -p build

# ---- which build this is: the results file says it ---------------------------

version=$(sed -n 's/^version *= *"\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=$version
if commit=$(git log -1 --format=%h.%cs 2>/dev/null); then
    name=$version+$commit
    [ -z "$(git status --porcelain)" ] || name=$name.edited
fi

# ---- Rust -> wasm -------------------------------------------------------------

# As a cdylib alone: built together with the rlib, it would silently go without
# link-time optimisation.
cargo rustc --lib --release --target "$target" --crate-type cdylib

wasm=${CARGO_TARGET_DIR:-target}/$target/release/headscope.wasm
recipe="$(wasm-bindgen --version) $(wasm-opt --version) $wasm_opt_flags"
if ! cmp -s "$wasm" build/pkg.input.wasm || [ "$recipe" != "$(cat build/pkg.recipe 2>/dev/null)" ]; then
    rm -rf build/pkg build/pkg.recipe
    wasm-bindgen --target web --out-dir build/pkg.new --out-name headscope "$wasm"
    # shellcheck disable=SC2086
    wasm-opt $wasm_opt_flags build/pkg.new/headscope_bg.wasm -o build/pkg.new/optimised.wasm
    mv build/pkg.new/optimised.wasm build/pkg.new/headscope_bg.wasm
    mv build/pkg.new build/pkg
    cp "$wasm" build/pkg.input.wasm
    echo "$recipe" >build/pkg.recipe
fi

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
