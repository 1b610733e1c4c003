# make demo: colour the sample clip.   make test: everything that checks the project.
PYTHON := $(shell sh ./find-python.sh)
VENV := .venv
RUN := $(VENV)/bin/python -m

.PHONY: demo test clean

demo: $(VENV)/installed
	$(RUN) vcnode demo

test: $(VENV)/installed-dev
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) mypy
	OMP_NUM_THREADS=1 $(RUN) pytest -n auto --dist loadfile

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "vcnode needs Python 3.12 or newer: install one (with its venv module) and run make again."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(RUN) pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	$(RUN) pip install --quiet --editable ".[dev]"
	@touch $@ $(VENV)/installed

clean:
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
