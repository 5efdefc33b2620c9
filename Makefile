# The two commands a newcomer needs are `make run` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup build run test check-rust check-typings check-editor check-openapi check-clients check-conformance tools clients servers bench soak

# Rust as rustup installs it, for shells that have not read its environment file.
export PATH := $(PATH):$(HOME)/.cargo/bin
CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR

# Asked anew by each recipe: `setup` may just have installed the interpreter.
EMBED = PYO3_PYTHON="$$(scripts/find_python.sh)"

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install what is missing; safe to repeat
	@scripts/setup.sh

build: setup ## the release binary
	$(EMBED) cargo build --release --locked

run: build ## start the server on 127.0.0.1:7410 with the example flows
	@scripts/run.sh

test: setup check-rust check-typings check-editor check-openapi check-clients check-conformance ## every check there is

check-rust: setup servers
	cargo fmt --all --check
	$(EMBED) cargo clippy --locked --workspace --all-targets -- -D warnings
	$(EMBED) cargo test --locked --workspace

check-typings: setup tools ## stubs against the module, examples against the stubs
	$(EMBED) cargo build --locked
	$(EMBED) scripts/check_typings.sh

check-editor: setup tools ## pyright and yaml-language-server, as editors run them, over flows and exported documents
	$(EMBED) cargo build --locked
	"$$(scripts/find_python.sh)" tests/editor/run.py

check-openapi: setup tools ## schemathesis: the server answers as its OpenAPI document says
	$(EMBED) cargo build --locked
	"$$(scripts/find_python.sh)" tests/openapi/run.py

check-clients: setup clients ## MCP clients that others wrote, against a real server
	$(EMBED) cargo build --locked
	"$$(scripts/find_python.sh)" tests/acceptance/run.py

check-conformance: setup clients ## the official MCP conformance suite, at two revisions
	$(EMBED) cargo build --locked
	"$$(scripts/find_python.sh)" tests/conformance/run.py

tools: setup
	@$(EMBED) scripts/setup_tools.sh

servers: setup
	@scripts/setup_servers.sh

# After `tools`, which may make the folder anew that this one is in.
clients: setup tools
	@$(EMBED) scripts/setup_clients.sh

bench: setup clients ## measure, and write bench/RESULTS.md
	bench/run.sh

soak: setup ## half an hour of mixed load, into bench/SOAK.md
	bench/run.sh --soak 30
