#!/bin/sh
# Compiles one package for the browser, optimised:
#   tools/build-wasm.sh PACKAGE fixed|relaxed FOLDER
# leaves PACKAGE.js and PACKAGE_bg.wasm (- written _) in FOLDER, and does nothing
# where they are there already and nothing changed. `relaxed` may use relaxed SIMD,
# which is faster and not in every browser yet.
set -eu
cd "$(dirname "$0")/.."

package=$1 kind=$2 folder=$3
name=$(echo "$package" | tr - _)
target=wasm32-unknown-unknown
# Every feature Rust's wasm target switches on, and the vectors.
wasm_opt_flags='-O3
    --enable-simd --enable-bulk-memory --enable-bulk-memory-opt
    --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals
    --enable-reference-types --enable-multivalue --enable-call-indirect-overlong'

case $kind in
    fixed) set -- ;;
    relaxed)
        wasm_opt_flags="$wasm_opt_flags --enable-relaxed-simd"
        # Added to .cargo/config.toml's flags; in a folder of its own, since other
        # flags make other dependencies.
        set -- --config "target.$target.rustflags=['-C', 'target-feature=+relaxed-simd']"
        CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/relaxed-simd
        export CARGO_TARGET_DIR
        ;;
    *)
        echo "$0: '$kind' is neither fixed nor relaxed" >&2
        exit 2
        ;;
esac

# As a cdylib alone: built together with the rlib, it would silently go without
# link-time optimisation.
cargo "$@" rustc --package "$package" --lib --release --target "$target" --crate-type cdylib

wasm=${CARGO_TARGET_DIR:-target}/$target/release/$name.wasm
recipe="$(wasm-bindgen --version) $(wasm-opt --version) $wasm_opt_flags"
cmp -s "$wasm" "$folder.input.wasm" && [ "$recipe" = "$(cat "$folder.recipe" 2>/dev/null)" ] && exit

rm -rf "$folder" "$folder.recipe" "$folder.new"
mkdir -p "$(dirname "$folder")"
wasm-bindgen --target web --out-dir "$folder.new" --out-name "$name" "$wasm"
# shellcheck disable=SC2086
wasm-opt $wasm_opt_flags "$folder.new/${name}_bg.wasm" -o "$folder.new/optimised.wasm"
mv "$folder.new/optimised.wasm" "$folder.new/${name}_bg.wasm"
mv "$folder.new" "$folder"
cp "$wasm" "$folder.input.wasm"
echo "$recipe" >"$folder.recipe"
