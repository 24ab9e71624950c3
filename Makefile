# Every target sets up what it needs by itself; a second run installs nothing.
PYTHON ?= python3
PHOTO ?=
PORT ?=
MODULES ?=
RUN := $(PYTHON) -m tools.environment
# No hashes nor addresses: the versions only, for all Pythons from 3.10 on.
LOCK := $(RUN) uv pip compile --universal --python-version 3.10 --no-annotate --quiet --custom-compile-command "make lock"

.PHONY: help python demo test test-fast bench mutants lint format lock setup doctor clean
.DEFAULT_GOAL := help

help:
	@echo "make demo [PHOTO=path]  deploy the sample app to a local AWS, by CDK and by SAM, and send it a photo"
	@echo "make test               every check and every test (real builds and deployments included)"
	@echo "make test-fast          the tests without builds and deployments, some 80 seconds"
	@echo "make bench              how fast the loop check is; fails if it is slower than it may be"
	@echo "make mutants [MODULES=] which changes of the modules that decide no test notices (hours for all)"
	@echo "make lint               ruff, mypy, import-linter"
	@echo "make format             let ruff format and fix"
	@echo "make lock               write constraints/*.txt and package-lock.json anew"
	@echo "make clean              remove what the targets above installed into this checkout"

python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed: make PYTHON=..." if sys.version_info < (3, 10) else 0)'

setup: python
	@$(PYTHON) -m tools.setup

demo: python
	@$(PYTHON) -m tools.demo $(if $(PHOTO),--photo "$(PHOTO)") $(if $(PORT),--port $(PORT))

bench: setup
	@$(RUN) python -m tools.bench

mutants: setup
	@$(RUN) python -m tools.mutants $(MODULES)

lint: setup
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(RUN) mypy
	@$(RUN) lint-imports

test: lint
	@$(RUN) pytest -n 2 --dist loadfile

test-fast: setup
	@$(RUN) pytest -n 2 --dist loadfile -m "not integration and not e2e"

format: setup
	@$(RUN) ruff check --fix
	@$(RUN) ruff format

lock: setup
	@$(LOCK) --upgrade pyproject.toml --group dev --extra cargo --output-file constraints/dev.txt
	@$(LOCK) --upgrade constraints/sam.in --output-file constraints/sam.txt
	@$(LOCK) --upgrade constraints/ministack.in --output-file constraints/ministack.txt
	@$(LOCK) --upgrade constraints/mutants.in --constraint constraints/dev.txt --output-file constraints/mutants.txt
	@npm install --package-lock-only --ignore-scripts

clean:
	rm -rf .venv .tools node_modules cdk.out demo
