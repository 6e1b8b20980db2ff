# The one task file: a laptop and the pipeline run the same targets. `make help` lists them.

SHELL := /bin/sh
CARGO ?= cargo
PORT ?= 4000
IMAGE ?= coko:local
COKO = $(CARGO) run --quiet --locked -p coko --
# The same program as the tests' build makes it: building it alone would build it, and all it depends on, once more.
TESTED = "$${CARGO_TARGET_DIR:-target}/debug/coko"

.DEFAULT_GOAL := help
.PHONY: help deps tools up down test lint fmt clippy schema schema-check deny audit doc db-migrate db-rollback db-status \
	bench bench-router bench-reload bench-subscriptions bench-readers fuzz image

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Install PostgreSQL, nats-server and Redis where they are missing; else say how.
	@infra/scripts/install-servers

up: deps ## Build and run the whole platform on this machine: make up [PORT=4010] [ARGS=--reset]
	@echo "building coko (the first time takes some minutes)"
	@$(CARGO) build --locked --profile up -p coko
	@exec "$${CARGO_TARGET_DIR:-target}/up/coko" up --port $(PORT) $(ARGS)

down: ## Stop what `make up` runs; ARGS=--purge removes its data.
	@$(CARGO) build --locked --profile up -p coko
	@"$${CARGO_TARGET_DIR:-target}/up/coko" down $(ARGS)

test: deps tools ## Everything that must be green: lint, contracts, every ring of tests, dependencies.
	@$(MAKE) --no-print-directory lint
	$(CARGO) nextest run --locked --workspace --no-run
	$(TESTED) schema --check
	$(TESTED) servers run -- $(CARGO) nextest run --locked --workspace --no-fail-fast
	$(CARGO) test --locked --workspace --doc --quiet
	@$(MAKE) --no-print-directory deny

tools: ## Install cargo-nextest and cargo-deny where they are missing.
	@infra/scripts/install-tools

lint: fmt clippy ## Formatting and Clippy, warnings denied.

fmt: ## Check the formatting.
	$(CARGO) fmt --all --check

clippy: ## Clippy over every target.
	$(CARGO) clippy --locked --workspace --all-targets -- --deny warnings

schema: ## Write the committed contracts.
	$(COKO) schema

schema-check: ## Fail when a committed contract is stale.
	$(COKO) schema --check

deny: ## Bans, licences and sources of dependencies.
	$(CARGO) deny --locked check bans licenses sources

audit: ## Known vulnerabilities: make audit [ADVISORIES=<folder of the RustSec database>]
	@infra/scripts/audit $(ADVISORIES)

doc: ## API documentation, warnings denied.
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --locked --workspace --no-deps

db-migrate: ## Run pending migrations: make db-migrate [DOMAIN=catalog]
	$(COKO) migrate up $(DOMAIN)

db-rollback: ## Revert the newest migration of a domain: make db-rollback DOMAIN=catalog
	@test -n "$(DOMAIN)" || { echo "which domain? make db-rollback DOMAIN=catalog" >&2; exit 2; }
	$(COKO) migrate down $(DOMAIN)

db-status: ## List migrations: make db-status [DOMAIN=catalog]
	$(COKO) migrate status $(DOMAIN)

bench: ## Criterion benchmarks of the router and of recommending.
	$(CARGO) bench --locked -p coko-executor
	$(CARGO) bench --locked -p coko-gateway --bench cached
	$(CARGO) bench --locked -p coko-recommendation --bench answering

bench-router: ## The router under load: make bench-router [PEER='command line'] [PEER_CONFIG=FILE] [ROUNDS=3] [SECONDS=8]
	@echo "building coko optimised (the first time takes a while)"
	@$(CARGO) build --locked --release -p coko -p coko-bench
	@exec "$${CARGO_TARGET_DIR:-target}/release/coko-bench" run --coko "$${CARGO_TARGET_DIR:-target}/release/coko" \
		$(if $(PEER),--peer '$(PEER)') $(if $(PEER_CONFIG),--peer-config '$(PEER_CONFIG)') \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

bench-subscriptions: ## Many open subscriptions: make bench-subscriptions [ARGS='--clients 10000 --protocol sse --distinct']
	@echo "building coko optimised (the first time takes a while)"
	@$(CARGO) build --locked --release -p coko -p coko-bench
	@exec "$${CARGO_TARGET_DIR:-target}/release/coko-bench" subscriptions --coko "$${CARGO_TARGET_DIR:-target}/release/coko" $(ARGS)

bench-reload: ## The supergraph changes every second for a minute under load: make bench-reload [SECONDS=60]
	@$(CARGO) build --locked --release -p coko -p coko-bench
	@exec "$${CARGO_TARGET_DIR:-target}/release/coko-bench" reload --coko "$${CARGO_TARGET_DIR:-target}/release/coko" \
		$(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

bench-readers: deps ## The platform under the load of readers: make bench-readers [RATE=833] [SECONDS=60] [ARGS='--readers 500']
	@echo "building coko optimised (the first time takes a while)"
	@$(CARGO) build --locked --release -p coko -p coko-bench
	@exec "$${CARGO_TARGET_DIR:-target}/release/coko-bench" readers --coko "$${CARGO_TARGET_DIR:-target}/release/coko" \
		$(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

fuzz: ## Fuzz everything that reads what strangers send: make fuzz [TARGET=requests] [SECONDS=60]
	@infra/scripts/fuzz "$(TARGET)" "$(SECONDS)"

image: ## Build the container image: make image [IMAGE=coko:local]
	docker build --file infra/images/Dockerfile --tag $(IMAGE) \
		--build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" .
