# make serve   the page at http://127.0.0.1:8080 (PORT=... for another)
# make test    every test: native, in a headless browser, and of the whole page
# make site    the static site, complete, in dist/
# make lint    formatting, lints and documentation, warnings denied
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
.PHONY: serve site test test-native test-wasm test-page lint format bench clean distclean
.PHONY: setup-site setup-test setup-lint setup-bench

serve: site
	node tools/serve.mjs dist $(PORT)

site: setup-site
	$(RUN) tools/build-site.sh

test: test-native test-wasm test-page

test-native: setup-site
	$(RUN) cargo test

test-wasm: setup-test
	$(RUN) wasm-pack test --headless --chrome --chromedriver $(CHROMEDRIVER)

test-page: setup-test site
	node --test --test-reporter=spec tests/page/*.test.mjs

lint: setup-lint
	$(RUN) cargo fmt --all --check
	$(RUN) cargo clippy --all-targets -- -D warnings
	$(RUN) cargo clippy $(WASM) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(RUN) cargo doc --no-deps --document-private-items
	$(RUN) prettier --check --log-level warn .
	$(RUN) tsc -p www
	$(RUN) tsc -p www/tsconfig.service-worker.json
	$(RUN) tsc -p .
	tools/lint-optional.sh

format: setup-lint
	$(RUN) cargo fmt --all
	$(RUN) prettier --write --log-level warn .

bench: setup-bench site
	$(RUN) tools/build-wasm.sh headscope-bench fixed build/bench/fixed
	$(RUN) tools/build-wasm.sh headscope-bench relaxed build/bench/relaxed
	node tools/stand-in.mjs
	.setup/bench/bin/python3 benches/gpt2_onnx.py target/stand-in build/bench/gpt2.onnx
	node benches/bench.mjs $(SECTIONS)

setup-site:
	@tools/setup.sh site

setup-test:
	@tools/setup.sh test

setup-lint:
	@tools/setup.sh lint

setup-bench:
	@tools/setup.sh bench

clean:
	rm -rf dist build target tests/page/out

distclean: clean
	rm -rf .setup node_modules
