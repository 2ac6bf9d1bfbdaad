# Everything a developer or a newcomer does. Needs Python 3.11+, git and make; each target makes its own .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
TESTING := $(VENV)/.testing-installed
WORKERS ?= 2
FAN_OUT ?= 1000

.DEFAULT_GOAL := help
.PHONY: help demo test test-slurm test-long lint format bench docs clean

help:  ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "reconciler needs Python 3.11 or newer; say: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# Launchers written by an older pip import `re`: a third of what `reconciler --version` costs.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'

$(RUNTIME): pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(TESTING): pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,conformance]'
	@touch $@ $(RUNTIME)

demo: $(RUNTIME)  ## a real pipeline, planned and run on the embedded local platform
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/quickstart/demo.sh

test: $(TESTING) lint  ## lint, types, import contracts, and the whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) -m 'not long and not scale'

test-long: $(TESTING)  ## the laws over many thousand schedules
	$(BIN)/python -m pytest -n $(WORKERS) -m long

test-slurm: $(TESTING)  ## the engine for clusters on a Slurm of six nodes; needs root and Debian's packages; ACCOUNTING=1, REST=1: with slurmdbd, slurmrestd
	$(BIN)/python -m tests.slurm --fan-out $(FAN_OUT) $(if $(ACCOUNTING),--accounting) $(if $(REST),--rest)

lint: $(TESTING)  ## format, style, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(TESTING)  ## rewrite what can be rewritten by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(TESTING)  ## times as ratios against a peer or a bound in the same run
	$(BIN)/python -m tests.bench

docs: $(TESTING)  ## rewrite the generated pages
	$(BIN)/python -m reconciler.cli.reference docs

clean:  ## remove what make made; never a manifest, never state
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache dist build
