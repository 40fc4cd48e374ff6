# Everything a developer types. `make` alone shows the list. It needs make and a Python of 3.11 or newer, nothing else.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MIGRATION_DB := build/migration.db
PYTEST_ARGS ?=
TEST_PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup format lint types imports test test-rabbitmq outcome-tables demo bench check lock migration first-migration clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with everything that is locked (quick the second time)

$(READY): requirements.lock pyproject.toml
	@set -e; \
	if [ ! -x $(BIN)/python ] || ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
		for candidate in "$$PYTHON" python3.13 python3.12 python3.11 python3 python3.14 python; do \
			[ -n "$$candidate" ] || continue; \
			if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
				found="$$candidate"; break; \
			fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "No Python of 3.11 or newer with venv was found. Install one, or name it: make setup PYTHON=/path/to/python3" >&2; \
			exit 1; \
		fi; \
		"$$found" -m venv --clear $(VENV); \
	fi
	@echo "Installing what requirements.lock names into $(VENV) (about a minute, once) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

format: setup ## put every file into shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lint: setup ## style, likely mistakes, and the shape of files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

imports: setup ## the floors of the house: who may import whom
	$(BIN)/lint-imports

test: setup ## the whole suite, with real PostgreSQL and Redis, three files at a time
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-rabbitmq: setup ## what needs a RabbitMQ installed on this machine (Debian: rabbitmq-server)
	$(BIN)/python -m pytest tests/journeys/rabbitmq --rabbitmq --no-skips $(PYTEST_ARGS)

outcome-tables: setup ## write the tables of answers in docs/providers anew, from the cases the tests run
	$(BIN)/python -m tests.channels.outcome_pages

demo: setup ## the whole story on this machine, no account needed
	$(BIN)/outreach demo

bench: setup ## messages a second, beside a raw SMTP loop and the naive way
	$(BIN)/outreach bench

check: lint types imports test ## what CI runs

lock: setup ## choose versions anew within pyproject.toml and write requirements.lock (asks the package index)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --all-extras pyproject.toml -o requirements.lock

migration: setup ## the next migration, from the tables of store/: make migration message="add tags"
	@test -n "$(message)" || { echo 'Say what changes: make migration message="add tags"' >&2; exit 2; }
	@mkdir -p $(dir $(MIGRATION_DB)); rm -f $(MIGRATION_DB)
	@PATH="$(CURDIR)/$(BIN):$$PATH" alembic -x url=sqlite:///$(MIGRATION_DB) upgrade head
	@PATH="$(CURDIR)/$(BIN):$$PATH" alembic -x url=sqlite:///$(MIGRATION_DB) revision --autogenerate -m "$(message)"
	@rm -f $(MIGRATION_DB)

first-migration: setup ## before the first release only: write migration 0001 anew from the tables of store/
	@rm -f outreach/store/migrations/versions/*.py
	@$(MAKE) --no-print-directory migration message="first tables"

clean: ## remove what was built, and .venv
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
