# make serve   the page at http://127.0.0.1:8080 (PORT=... for another)
# make test    what every change has to pass: native, in a headless browser, of the page
# make types   writes the page’s types anew, from those of the Rust side
# make test-long   the page’s further tests, and what takes longer than a change can wait for
# make site    the static site, complete, in dist/
# make command the command line, target/native/headscope
# make check-hub  the built page against the published GPT-2 small at its hub (500 MB)
# make fuzz    what strangers write, mutated (FUZZ_SECONDS=20 a target, TARGETS='link text')
# make mutants FILE=src/...  whether the tests notice mutations of that file (SHARD=0/30 of a part)
# make lint    formatting, lints and documentation, warnings denied
# make audit   what is publicly known against the packages in use
# make format  formats everything in place
# make bench   speed, ours against the peers (SECTIONS='forward kernels' for some)
# make clean   removes what was built; distclean also what set-up installed here
#
# Each target first installs what it lacks (tools/setup.sh says what).

PORT ?= 8080
RUN := tools/with-toolchain
WASM := --target wasm32-unknown-unknown

CHROMEDRIVER ?= $(or $(shell command -v chromedriver),/usr/bin/chromedriver)

# A suite may draw and run models for longer than the runner's 20 seconds.
export WASM_BINDGEN_TEST_TIMEOUT ?= 300

.NOTPARALLEL:
.PHONY: serve site command types test test-long test-native test-wasm test-page test-sweep check-hub lint format bench clean distclean fuzz mutants audit
.PHONY: setup-site setup-test setup-lint setup-bench setup-ray setup-fuzz setup-mutants

serve: site
	node tools/serve.mjs dist $(PORT)

site: setup-site
	$(RUN) tools/build-site.sh

command: setup-site
	$(RUN) cargo build --profile native -p headscope-cli

# The page's types of what crosses the border to the Rust side, from the types there.
types: setup-site
	HEADSCOPE_WRITE_TYPES=1 $(RUN) cargo test --lib types

test: test-native test-wasm test-page

test-native: setup-site
	$(RUN) cargo test -p headscope -p headscope-cli

test-wasm: setup-test
	$(RUN) wasm-pack test --headless --chrome --chromedriver $(CHROMEDRIVER)

test-page: setup-test site
	node tools/page-tests.mjs

# Sweeps on several machines, as examples/ has them: shards, and what runs one killed.
test-sweep: setup-ray command
	.setup/ray/bin/python3 -B -m pytest -p no:cacheprovider tests/examples

# Notebooks run where `tools/setup.sh transformer-lens` was.
test-long: setup-test site test-sweep
	node tools/page-tests.mjs --further
	HEADSCOPE_LONG=1 node --test --test-reporter=spec tests/page/order.test.mjs
	HEADSCOPE_LONG=1 node --test --test-reporter=spec tests/page/python.test.mjs

# Ends with 0 if every published number is reached, 1 if not, 2 if it could not be tried.
check-hub: setup-test site
	node tools/check-hub.mjs

fuzz: setup-fuzz
	tools/fuzz.sh $(TARGETS)

# In a copy of this folder, whose tests run once for each mutation.
mutants: setup-mutants
	@mkdir -p build
	$(RUN) cargo mutants $(foreach file,$(FILE),--file '$(file)') $(if $(SHARD),--shard $(SHARD) --sharding round-robin) --output build

lint: setup-lint
	$(RUN) cargo fmt --all --check
	$(RUN) cargo clippy -p headscope -p headscope-cli -p headscope-kernels --all-targets -- -D warnings
	$(RUN) cargo clippy $(WASM) --workspace --exclude headscope-cli --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(RUN) cargo doc -p headscope -p headscope-cli -p headscope-kernels --no-deps --document-private-items
	$(RUN) prettier --check --log-level warn .
	$(RUN) tsc -p www
	$(RUN) tsc -p www/tsconfig.service-worker.json
	$(RUN) tsc -p .
	node tools/check-paths.mjs
	node tools/lint-imports.mjs
	tools/lint-optional.sh

# Ends with 0 if nothing is known, 1 if something is, 2 if not all could be tried.
audit:
	node tools/audit.mjs

format: setup-lint
	$(RUN) cargo fmt --all
	$(RUN) prettier --write --log-level warn .

bench: setup-bench site command
	$(RUN) tools/build-wasm.sh headscope-bench simd128 build/bench/simd128
	$(RUN) tools/build-wasm.sh headscope-bench relaxed build/bench/relaxed
	node tools/stand-in.mjs
	.setup/bench/bin/python3 benches/gpt2_onnx.py target/stand-in build/bench/gpt2.onnx
	node benches/bench.mjs $(SECTIONS)

setup-site:
	@tools/setup.sh site

setup-test:
	@tools/setup.sh test

setup-fuzz:
	@tools/setup.sh fuzz

setup-mutants:
	@tools/setup.sh mutants

setup-lint:
	@tools/setup.sh lint

setup-bench:
	@tools/setup.sh bench

setup-ray:
	@tools/setup.sh ray

clean:
	rm -rf dist build target fuzz/target tests/page/out

distclean: clean
	rm -rf .setup node_modules
