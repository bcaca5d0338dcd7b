# Each target does all its own set-up: a fresh clone needs nothing but make and Python 3.11.
VENV ?= .venv
export VENV
IN_VENV = "$(VENV)/bin/python"
# Tests see nothing of whoever runs them: no home, terminal, language or PYTHON* variable.
PYTEST = scripts/bare.sh $(IN_VENV) -m pytest
FAST = not slow and not faults and not benchmark

.PHONY: demo test test-all test-matrix lint words bench docs setup setup-dev clean
.DEFAULT_GOAL := demo

demo: setup   ## write the demo project to out/demo and build it; finishes one that was interrupted
	@$(IN_VENV) -m reportgen demo out/demo

test: setup-dev lint   ## style, types, contracts, and all quick tests
	$(PYTEST) -n 2 --dist loadgroup -m "$(FAST)"

test-all: setup-dev lint   ## everything, with branch coverage
	$(PYTEST) -n 2 --dist loadgroup -m "not benchmark" --cov --cov-report=term

test-matrix:   ## other Pythons, lowest and newest versions of libraries; table in tests/benchmarks/results/matrix.md
	@python3 scripts/matrix.py

lint: setup-dev   ## ruff, mypy, import contracts
	scripts/check.sh

words: setup-dev   ## messages.pot and every language brought to what the code says
	$(IN_VENV) scripts/catalogue.py

bench: setup-dev   ## the measurements of the documentation
	$(IN_VENV) -m pytest -m benchmark -s

docs: setup-dev   ## the documentation site, docs/_build/html; warnings are errors, links are checked
	@scripts/docs.sh

setup:
	@scripts/setup.sh run

setup-dev:
	@scripts/setup.sh dev

clean:   ## remove what these targets made
	rm -rf "$(VENV)" out .pytest_cache .mypy_cache .ruff_cache .coverage*
