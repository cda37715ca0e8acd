#!/bin/sh
# Compiles one package for the browser, optimised:
#   tools/build-wasm.sh PACKAGE simd128|relaxed FOLDER
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
    simd128) ;;
    relaxed) wasm_opt_flags="$wasm_opt_flags --enable-relaxed-simd" ;;
    *)
        echo "$0: '$kind' is neither simd128 nor relaxed" >&2
        exit 2
        ;;
esac

# Both builds leave files of the same names, so cargo cannot tell which of them is
# there: what went into one is noted beside it, and what cargo remembers is dropped.
recipe=$({
    find src kernels site data benches/browser .cargo Cargo.toml Cargo.lock "$0" tools/rustc-vectors -type f | sort | xargs sha256sum
    rustc -vV
    wasm-bindgen --version
    wasm-opt --version
} | sha256sum)
[ "$recipe" = "$(cat "$folder.recipe" 2>/dev/null)" ] && exit

# One compiles while another is made smaller: the first takes one processor at its end, and
# both leave files of the same names.
out=${CARGO_TARGET_DIR:-target}/$target/release
mkdir -p "$out"
exec 9>"$out/$package.lock"
flock 9
rm -rf "$out"/.fingerprint/headscope-*
export HEADSCOPE_VECTORS="$kind" RUSTC_WORKSPACE_WRAPPER="$PWD/tools/rustc-vectors"
cargo build --package "$package" --release --target "$target"

rm -rf "$folder" "$folder.recipe" "$folder.new"
mkdir -p "$folder.new"
cp "$out/$name.wasm" "$folder.new/compiled.wasm"
flock -u 9
wasm-bindgen --target web --out-dir "$folder.new" --out-name "$name" "$folder.new/compiled.wasm"
rm "$folder.new/compiled.wasm"
# Of functions that came out alike one name is left, and not the same in both builds,
# whose JavaScript is to be one: a number of the same length takes its hash's place.
number=0
for hash in $(grep -o '__h[0-9a-f]\{16\}' "$folder.new/$name.js" | awk '!seen[$0]++'); do
    number=$((number + 1))
    LC_ALL=C sed -i "s/$hash/$(printf '__h%016d' "$number")/g" \
        "$folder.new/$name.js" "$folder.new/${name}_bg.wasm"
done
# Twice: of what the first pass leaves the second finds 3 kB more, compressed.
for pass in first second; do
    # shellcheck disable=SC2086
    wasm-opt $wasm_opt_flags "$folder.new/${name}_bg.wasm" -o "$folder.new/$pass.wasm"
    mv "$folder.new/$pass.wasm" "$folder.new/${name}_bg.wasm"
done
mv "$folder.new" "$folder"
echo "$recipe" >"$folder.recipe"
