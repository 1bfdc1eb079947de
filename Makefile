# What a person does with this project. Everything is installed into .venv; nothing else is changed, except that
# `make test` installs Debian's mariadb-server and chromium where it may.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo demo-page dev test test-thorough test-fast lint types validate format bench clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(READY)  ## install into .venv, with the versions that were tested

# uv does in seconds what pip does in a minute; pip, where uv cannot reach the packages.
$(READY): setup.py constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt --editable '.[dev]' \
		|| $(BIN)/pip install --quiet -c constraints.txt --editable '.[dev]'
	touch $(READY)

demo: $(READY)  ## the whole way on this machine: sandbox, one season, three issues, SQLite, a local folder
	$(BIN)/python -m pshs_dagster.demo

demo-page: $(READY)  ## Dagster's web page on what `make demo` made
	$(BIN)/python -m pshs_dagster.demo --page

dev: $(READY)  ## Dagster's web page, schedule and sensor on http://127.0.0.1:3000
	mkdir -p data/dagster && cp dagster.yaml data/dagster/dagster.yaml
	DAGSTER_HOME=$(CURDIR)/data/dagster $(BIN)/dagster dev --workspace workspace.yaml --host 127.0.0.1 --port 3000

# Files in the order of pshs_dagster_tests/conftest.py, the long ones first. Three, since many wait for a daemon or a page.
ON_TWO_CORES := -n 3 --dist loadfile --no-loadscope-reorder

test: $(READY)  ## every test, with a real MySQL server, S3 over HTTP, Dagster's daemon and a browser
	scripts/install-test-services
	$(BIN)/pytest $(ON_TWO_CORES) -m 'not thorough'

test-thorough: $(READY)  ## the long ones: rebuilds, and laws over many made-up and real histories
	scripts/install-test-services
	$(BIN)/pytest $(ON_TWO_CORES) -m thorough

test-fast: $(READY)  ## the tests that need no service
	$(BIN)/pytest -n 2 --dist loadfile -m 'not mysql and not s3 and not browser and not slow and not real and not thorough'

lint: $(READY)  ## ruff, and its formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)  ## put the formatting right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(READY)  ## pyright, strict
	$(BIN)/pyright --pythonpath $(BIN)/python

validate: $(READY)  ## whether Dagster can load the definitions
	$(BIN)/dagster definitions validate --workspace workspace.yaml

bench: $(READY)  ## what an issue and the national history cost, as ratios; minutes, and a quiet machine
	$(BIN)/python -m benchmarks.issue
	$(BIN)/python -m benchmarks.history
	$(BIN)/python -m benchmarks.statistics
	$(BIN)/python -m benchmarks.dataset
	$(BIN)/python -m benchmarks.market_report

clean:  ## remove what was installed and what the demo made; your own data stays
	rm -rf $(VENV) data/demo *.egg-info .pytest_cache .ruff_cache .hypothesis
