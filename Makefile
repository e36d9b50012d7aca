# Every everyday command. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

ui := web/ui
ui_sources := $(shell find $(ui) \( -name node_modules -o -name dist \) -prune -o -type f -print 2>/dev/null)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Install what is missing, build, and run Siaga with a simulated city on this machine
	@tools/install.sh demo
	@$(MAKE) --no-print-directory console
	cargo build --bin siaga
	exec target/debug/siaga demo

.PHONY: test
test: ## Install what the tests need, and run all of them
	@tools/install.sh test
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test-rust
	@$(MAKE) --no-print-directory test-console
	@$(MAKE) --no-print-directory test-system

.PHONY: lint
lint: console ## Formatting, clippy, console lint and dependency licences
	cargo fmt --all --check
	tools/clocks.sh
	cargo clippy --workspace --all-targets -- -D warnings
	npm --prefix $(ui) run --if-present lint
	node tools/licences.mjs

.PHONY: test-rust
test-rust: console ## Unit and crate tests of the Rust workspace
	cargo test --workspace

.PHONY: test-console
test-console: console ## Unit tests of the console
	npm --prefix $(ui) test

.PHONY: test-system
# All targets, because the dependencies are then built with the same features as for the tests, and so once.
test-system: console ## Whole-system tests: real callers, browsers, cameras, chat and databases
	cargo build --workspace --all-targets
	npm --prefix tests test

.PHONY: console
console: $(ui)/dist/index.html ## Build the operators' console

# The binary embeds the console, so this comes before every cargo command that builds it.
$(ui)/dist/index.html: $(ui_sources)
	@tools/install.sh console
	npm --prefix $(ui) run build
	@touch $@

.PHONY: fuzz
fuzz: ## Try what reads strangers' octets with made-up ones, each part for `seconds=60`
	tools/fuzz.sh $(or $(seconds),60)

.PHONY: bench
bench: ## Measure the speeds that the README names
	@tools/install.sh test
	@$(MAKE) --no-print-directory console
	cargo build --release --bin siaga
	TESTED_BINARY=target/release/siaga node tests/bench/run.mjs

.PHONY: bench-calls
bench-calls: console ## Measure how many calls a server on this machine carries
	cargo build --release --bin siaga
	target/release/siaga bench calls

.PHONY: soak
soak: console ## 100 calls that do what callers do, for MINUTES=30; fails if anything of them is left
	cargo build --release --bin siaga
	target/release/siaga bench soak --minutes $(or $(MINUTES),30)

.PHONY: screenshots
screenshots: ## Take the pictures of the console for docs/
	@tools/install.sh test
	@$(MAKE) --no-print-directory console
	cargo build --workspace --bins
	node tests/screenshots/run.mjs

.PHONY: speech
speech: ## Make the announcements and the demo's callers again from their texts
	@tools/install.sh speech
	tools/make-speech.sh

.PHONY: fmt
fmt: ## Format the Rust code and the console
	cargo fmt --all
	npm --prefix $(ui) run --if-present format
