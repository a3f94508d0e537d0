# Every check of the project, one word each. `make check` is the whole of it, from a fresh clone too: the first run
# makes a virtual environment with the development tools. An activated environment is used instead of .venv, and
# `make check VENV=path` names another.

VENV ?= $(or $(VIRTUAL_ENV),.venv)
PYTHON ?= python3
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.srcip-lint-dev

.DEFAULT_GOAL := check
.PHONY: check lint test lab docs goldens bench rule
.DELETE_ON_ERROR:

# pytest is last: its summary line is the last thing printed.
check: lint $(INSTALLED)
	$(BIN)/python scripts/docs.py --check
	$(BIN)/python -m pytest

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows docs/examples/github-*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci docs/examples/gitlab-ci.yml
	$(BIN)/zizmor --offline --no-progress --quiet . docs/examples/github-*.yml
	$(BIN)/hadolint Dockerfile

# The quick tests only: what builds, installs or starts something is left out.
test: $(INSTALLED)
	$(BIN)/python -m pytest -m "not slow"

# Predicted address = logged address, on a real kernel and with real proxies (docs/lab.md). `make lab ONLY="cluster
# local-metallb"` runs some. It needs root; elsewhere it says so.
lab: $(INSTALLED)
	cd tests && $(abspath $(BIN))/python -m lab $(ONLY)

# Writes the generated pages; `check` fails where they are out of date.
docs: $(INSTALLED)
	$(BIN)/python scripts/docs.py

# Writes the expected reports anew: read the difference before you commit it.
goldens: $(INSTALLED)
	$(BIN)/python -m pytest -n 0 -q -m "not slow" --update-goldens

bench: $(INSTALLED)
	$(BIN)/python benchmarks/bench.py

# make rule ID=SRC399 NAME=what-goes-wrong FAMILY=dropped
rule: $(INSTALLED)
	$(BIN)/python scripts/new_rule.py "$(ID)" "$(NAME)" "$(FAMILY)"

# Written after the install has succeeded; made again when pyproject.toml changes.
$(INSTALLED): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
