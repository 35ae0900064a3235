# Stocktower: `make help` lists what there is. Everything runs from a checkout with make and Python 3.11 or newer.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench sim lock

# A number of simulation runs, each with a seed of its own.
SEEDS ?= 100
# More options for what is run: make test ARGS="-k money", make demo ARGS="--once --json"
ARGS ?=

# Each recipe asks for its environment itself: $(RUNTIME) and $(DEV) build it where it is missing and print its folder.
ENVIRONMENT = python=$$(tools/python.sh) && venv=$$("$$python" tools/environment.py
RUNTIME = $(ENVIRONMENT) runtime)
DEV = $(ENVIRONMENT) dev)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## Make the virtual environment from the hashed pins, for development too
	@$(DEV) && echo "Ready: $$venv"

demo: ## Work through the example merchant, and serve the control tower until Ctrl-C
	@$(RUNTIME) && exec "$$venv/bin/stocktower" demo $(ARGS)

# Where Debian's PostgreSQL 15 is installed, the oldest version that we promise, what touches the database runs on it too.
POSTGRES_15 = /usr/lib/postgresql/15/bin
ROOMS_ON_15 = $(addprefix tests/,tidy access catalog counting customers exchange finance insight inventory model network ordering \
	payments publication purchasing reconciliation stewardship worklist)
PYTEST = -m pytest -p no:cacheprovider -n 2 --dist loadfile --no-loadscope-reorder

test: ## Run all tests
	@$(DEV) && tools/chromium.sh && \
		export HYPOTHESIS_STORAGE_DIRECTORY="$${TMPDIR:-/tmp}/stocktower-hypothesis-$$(id -u)" && \
		"$$venv/bin/python" $(PYTEST) $(ARGS) && \
		if [ -n "$(ARGS)" ]; then exit 0; fi && \
		if [ -x $(POSTGRES_15)/postgres ]; then \
			echo "Again on PostgreSQL 15" && \
			"$$venv/bin/python" tests/with_postgres.py $(POSTGRES_15) "$$venv/bin/python" $(PYTEST) -q $(ROOMS_ON_15); \
		else echo "PostgreSQL 15 is not installed here: the tests ran on the embedded server alone"; fi

lint: ## Check style, types and the floors of the house
	@$(DEV) && PATH="$$venv/bin:$$PATH" && \
		ruff check --no-cache && \
		ruff format --no-cache --check && \
		pyright --pythonpath "$$venv/bin/python" && \
		lint-imports --no-cache

format: ## Put the code into the one format, and fix what can be fixed
	@$(DEV) && PATH="$$venv/bin:$$PATH" && ruff format && ruff check --fix

bench: ## Measure the speed, beside the machine's bare limit
	@$(DEV) && exec "$$venv/bin/python" -m benchmarks $(ARGS)

sim: ## Run the simulation with SEEDS=n seeds
	@$(DEV) && exec "$$venv/bin/python" -m stocktower.app.simulate --seeds $(SEEDS) $(ARGS)

lock: ## Renew the lock files (needs uv on the path)
	@pin="uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links" && export UV_CUSTOM_COMPILE_COMMAND="make lock" && \
		$$pin --group build -o requirements.lock && \
		$$pin --group dev -c requirements.lock -o requirements-dev.lock
