#!/bin/sh
# Installs what is missing for the parts named, and says so, a line each:
#   tools/setup.sh site       build and serve: Rust for wasm32, wasm-bindgen, node packages
#   tools/setup.sh test       site, and Chromium, its driver, Firefox, WebKit and wasm-pack
#   tools/setup.sh lint       site, and rustfmt and clippy
#   tools/setup.sh fuzz       site, cargo-fuzz, and a C++ compiler for libFuzzer
#   tools/setup.sh mutants    site, and cargo-mutants
#   tools/setup.sh bench      site, Chromium, and a Python with onnx
#   tools/setup.sh transformer-lens   the Python peer of the benchmark, and what runs
#                          notebooks from the page: some gigabytes
#   tools/setup.sh ray        site, and a Python with Ray and DuckDB, for examples/
#   tools/setup.sh all        site, test and lint
#
# Rust comes from rustup where it is there and reaches its server. Elsewhere
# Debian's packages give the compiler, and wasm32's standard library is built
# from Debian's source of it. HEADSCOPE_TOOLCHAIN=rustup or =debian forces one.
#
# Distribution packages are installed by apt-get, through sudo for a user.
# Everything else stays in .setup/ and node_modules/ of this folder.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
setup=$root/.setup
target=wasm32-unknown-unknown
wasm_pack_version=0.15.1
cargo_fuzz_version=0.13.2
cargo_mutants_version=27.1.0
oldest_node=18.19
onnx='onnx==1.23.2'
# The versions that the notebook's numbers were made with, which a notebook from the page
# installs too, and what runs such a notebook.
transformer_lens='transformer_lens==2.11.0 transformers==4.49.0 datasets==3.6.0 huggingface_hub==0.36.2 pandas==3.1.1 matplotlib==3.11.2'
jupyter='nbformat==5.11.1 nbclient==0.11.0 ipykernel==7.4.0'
# What runs a sweep on several machines and joins its tables, and what tests that.
ray='ray==2.60.0 duckdb==2.0.1 pytest==9.2.0'

say() { printf 'setup: %s\n' "$*"; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
# failed LOG MESSAGE: what a tool said last, and where the rest is
failed() { tail -n 15 "$1" >&2; die "$2 ($1 has all of it)"; }
have() { command -v "$1" >/dev/null 2>&1; }

parts=${*:-site}
wants() {
    case " $parts " in *" $1 "*) return 0 ;; esac
    case $1 in site | test | lint) case " $parts " in *" all "*) return 0 ;; esac ;; esac
    return 1
}
for part in $parts; do
    case $part in
        site | test | lint | fuzz | mutants | bench | transformer-lens | ray | all) ;;
        *) die "unknown part '$part': site, test, lint, fuzz, mutants, bench, transformer-lens, ray or all" ;;
    esac
done

mkdir -p "$setup/bin"
PATH=$setup/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
export PATH

# at_least 1.92 1.96.0: is the second version not older than the first?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
oldest_rust=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)

# ---- Rust: which one ---------------------------------------------------------

# new_enough RUSTC: it is there, and not older than Cargo.toml asks for
new_enough() { have "$1" && at_least "$oldest_rust" "$("$1" --version | cut -d ' ' -f 2)"; }

# Is the Rust on PATH new enough, and does it have wasm32's standard library?
rustup_ready() {
    have cargo && new_enough rustc || return 1
    set -- "$(rustc --print sysroot)/lib/rustlib/$target/lib"/libstd-*.rlib
    [ -e "$1" ]
}

# The same for Debian's, whose library is ours and must be of the same compiler.
debian_ready() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && [ -x "$setup/debian/bin/rustc" ] &&
        /usr/bin/rustc -vV | cmp -s - "$setup/debian/std-version"
}

from_rustup() {
    have rustup || return 1
    active=$(rustup show active-toolchain 2>/dev/null | cut -d ' ' -f 1)
    [ -n "$active" ] || active=stable
    if ! new_enough rustc; then
        say "asking rustup for a Rust of at least $oldest_rust"
        rustup toolchain install --no-self-update --profile minimal "$active" || return 1
    fi
    say "asking rustup for the target $target"
    timeout 300 rustup target add --toolchain "$active" "$target" && rustup_ready
}

case ${HEADSCOPE_TOOLCHAIN:-} in
    rustup)
        rustup_ready || from_rustup ||
            die "HEADSCOPE_TOOLCHAIN=rustup, but rustup cannot give Rust $oldest_rust with $target"
        rust=rustup
        ;;
    debian) rust=debian ;;
    '')
        if rustup_ready; then
            rust=rustup
        elif debian_ready; then
            rust=debian
        elif from_rustup; then
            rust=rustup
        else
            have apt-get ||
                die "this needs Rust $oldest_rust with the target $target: install rustup, then repeat"
            have rustup && say "rustup cannot give $target: taking Debian's Rust instead"
            rust=debian
        fi
        ;;
    *) die "HEADSCOPE_TOOLCHAIN is '$HEADSCOPE_TOOLCHAIN': it can be rustup or debian" ;;
esac
echo "$rust" >"$setup/toolchain"

# ---- distribution packages ---------------------------------------------------

# What the builds below need, and what only runs later: the latter is installed
# beside the builds.
packages=
need() { packages="$packages $*"; }

have cc || need gcc libc6-dev
if wants fuzz; then have c++ || need g++; fi
[ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || need ca-certificates
if [ "$rust" = debian ]; then
    new_enough /usr/bin/rustc || need rustc-web
    [ -x /usr/bin/cargo ] || need cargo-web
    [ -d /usr/lib/rustlib/src/rust/library ] || need rust-web-src
    [ -x /usr/bin/lld-19 ] || need lld-19
    if wants lint; then
        [ -x /usr/bin/cargo-fmt ] || need rustfmt-web
        [ -x /usr/bin/cargo-clippy ] || need rust-web-clippy
    fi
fi
have node || need nodejs
have npm || need npm
if wants bench || wants transformer-lens || wants ray; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || need python3 python3-venv
fi
to_build=$packages
packages=
if wants test || wants bench; then
    [ -n "${CHROMIUM:-}" ] || have chromium || need chromium fonts-liberation
fi
if wants test; then
    [ -n "${CHROMEDRIVER:-}" ] || have chromedriver || need chromium-driver
    [ -n "${FIREFOX:-}" ] || have firefox-esr || have firefox || need firefox-esr
    have WebKitWebDriver || need webkit2gtk-driver
    have xvfb-run || need xvfb xauth
fi
to_run=$packages

# install_packages PACKAGE...: by apt-get
install_packages() {
    say "installing Debian packages: $*"
    log=$setup/apt.log
    {
        $sudo apt-get update -q >"$log" 2>&1 &&
            $sudo env DEBIAN_FRONTEND=noninteractive \
                apt-get install -qy --no-install-recommends "$@" >>"$log" 2>&1
    } || failed "$log" "apt-get failed; by hand: apt-get install $*"
}

installing=
if [ -n "$to_build$to_run" ]; then
    have apt-get || die "there is no apt-get here: install these or their like, then repeat:$to_build$to_run"
    sudo=
    if [ "$(id -u)" != 0 ]; then
        have sudo || die "this needs root, and there is no sudo: run as root 'apt-get install$to_build$to_run', then repeat"
        sudo=sudo
        # A password is asked for now, not in the middle of something else.
        sudo -v
    fi
    # shellcheck disable=SC2086
    if [ -n "$to_build" ]; then install_packages $to_build; fi
    # shellcheck disable=SC2086
    if [ -n "$to_run" ]; then
        install_packages $to_run &
        installing=$!
    fi
fi

# ---- Debian's Rust: the standard library for wasm32 ---------------------------

if [ "$rust" = debian ] && ! debian_ready; then
    new_enough /usr/bin/rustc ||
        die "Debian's $(/usr/bin/rustc --version) is too old: this needs $oldest_rust; install rustup, then repeat"
    say "building Rust's standard library for $target (a minute, once)"
    rm -rf "$setup/debian"
    build=$setup/debian/build
    mkdir -p "$build/src" "$setup/debian/bin"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$build/Cargo.toml"
    : >"$build/src/lib.rs"
    # Bitcode, or no link-time optimisation; `test`, or no tests in the browser.
    (
        cd "$build"
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS='-C embed-bitcode=yes' CARGO_TARGET_DIR=target \
            /usr/bin/cargo build --quiet --release -Z build-std=std,panic_abort,test --target "$target"
    ) || die "the standard library for $target could not be built from Debian's source of it"

    # A sysroot of links to Debian's, with the new library beside.
    host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
    rustlib=$setup/debian/sysroot/lib/rustlib
    mkdir -p "$rustlib/$host/bin" "$rustlib/$target/lib"
    ln -s "/usr/lib/rustlib/$host/lib" "$rustlib/$host/lib"
    ln -s /usr/bin/lld-19 "$rustlib/$host/bin/rust-lld"
    cp "$build/target/$target/release/deps"/*.rlib "$rustlib/$target/lib/"
    rm -f "$rustlib/$target/lib"/libempty-*.rlib
    for tool in rustc rustdoc; do
        printf '#!/bin/sh\nexec /usr/bin/%s --sysroot "%s" "$@"\n' "$tool" "$setup/debian/sysroot" >"$setup/debian/bin/$tool"
        chmod +x "$setup/debian/bin/$tool"
    done
    for tool in cargo cargo-fmt cargo-clippy clippy-driver rustfmt; do
        ln -s "/usr/bin/$tool" "$setup/debian/bin/$tool"
    done
    # What was built against another library would not link with this one.
    rm -rf "$build" "$root/target/$target"
    /usr/bin/rustc -vV >"$setup/debian/std-version"
fi

if [ "$rust" = rustup ] && wants lint; then
    for component in rustfmt clippy; do
        case $component in rustfmt) command=fmt ;; *) command=clippy ;; esac
        cargo "$command" --version >/dev/null 2>&1 && continue
        say "asking rustup for $component"
        rustup component add "$component" || die "rustup cannot give $component"
    done
fi

# ---- tools that cargo builds --------------------------------------------------

# cargo_tool PACKAGE PROGRAM VERSION OPTIMISATION
cargo_tool() {
    # shellcheck disable=SC2086 # A subcommand of cargo is two words.
    [ "$($2 --version 2>/dev/null | cut -d ' ' -f 2)" = "$3" ] && return
    say "building $1 $3 (a minute, once)"
    log=$setup/$1.log
    export CARGO_PROFILE_RELEASE_OPT_LEVEL="$4"
    # A package's own lock file may name a version that a lagging registry
    # mirror has not got; then any that its manifest allows will do.
    tools/with-toolchain cargo install --locked --root "$setup" --version "$3" "$1" >"$log" 2>&1 ||
        tools/with-toolchain cargo install --root "$setup" --version "$3" "$1" >>"$log" 2>&1 ||
        failed "$log" "$1 $3 could not be built"
}

wasm_bindgen_version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/version = "\(.*\)"/\1/p;}' Cargo.lock)
# Tools that work for seconds are not worth minutes of optimisation.
cargo_tool wasm-bindgen-cli wasm-bindgen "$wasm_bindgen_version" 1
if wants test; then cargo_tool wasm-pack wasm-pack "$wasm_pack_version" 0; fi
if wants fuzz; then cargo_tool cargo-fuzz cargo-fuzz "$cargo_fuzz_version" 0; fi
if wants mutants; then cargo_tool cargo-mutants 'cargo-mutants mutants' "$cargo_mutants_version" 0; fi

# ---- node packages ------------------------------------------------------------

node_version=$(node -p process.versions.node)
at_least "$oldest_node" "$node_version" ||
    die "node $node_version is too old: this needs $oldest_node or newer"
if ! cmp -s package-lock.json node_modules/.installed-lock.json; then
    say "installing the node packages of package-lock.json"
    # No install scripts: none of these packages needs one.
    npm ci --silent --ignore-scripts --no-audit --no-fund || die "npm ci failed"
    cp package-lock.json node_modules/.installed-lock.json
fi

# ---- Python packages ------------------------------------------------------------

# python_packages FOLDER PACKAGE...: in a virtual environment of their own
python_packages() {
    venv=$setup/$1
    shift
    [ "$(cat "$venv/.installed" 2>/dev/null)" = "$*" ] && return
    say "installing from Python's package index: $*"
    log=$venv.log
    {
        python3 -m venv --clear "$venv" >"$log" 2>&1 &&
            "$venv/bin/pip" install --quiet "$@" >>"$log" 2>&1
    } || failed "$log" "pip could not install them"
    echo "$*" >"$venv/.installed"
}

if wants bench; then python_packages bench "$onnx"; fi
# shellcheck disable=SC2086
if wants transformer-lens; then python_packages transformer-lens $transformer_lens $jupyter; fi
# shellcheck disable=SC2086
if wants ray; then python_packages ray $ray; fi

# ---- what was begun above -----------------------------------------------------

if [ -n "$installing" ]; then wait "$installing" || exit; fi
