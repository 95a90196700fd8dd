# `make help` lists the targets. The work is done by the scripts in tools/, which need no make.
SYSTEM_PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p && break; done)
PYTHON := .venv/bin/python
NO_PYTHON := make: install Python 3.11 to 3.13 first (Debian: apt-get install python3 python3-venv)

.DEFAULT_GOAL := help
.PHONY: help env dev lab test quick lint format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## install what a learner needs into .venv; instant when nothing changed
	@test -n "$(SYSTEM_PYTHON)" || { echo "$(NO_PYTHON)" >&2; exit 1; }
	@$(SYSTEM_PYTHON) tools/install.py

dev: ## install what tests, authors and graders need, too
	@test -n "$(SYSTEM_PYTHON)" || { echo "$(NO_PYTHON)" >&2; exit 1; }
	@$(SYSTEM_PYTHON) tools/install.py --dev

lab: env ## install, then open JupyterLab on the first lesson
	@.venv/bin/course lab

test: dev ## everything that can be proved; LESSON=04 for what concerns one lesson
	@$(PYTHON) tools/test.py $(if $(LESSON),--lesson $(LESSON))

quick: dev ## the inner loop, under two minutes
	@$(PYTHON) tools/test.py --quick

lint: dev ## style, types and import contracts
	@$(PYTHON) tools/test.py lint types imports

format: dev ## format the code and mend what can be mended
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

bench: dev ## print the benchmarks of bench/
	@$(PYTHON) bench/run.py

clean: ## remove .venv and caches; your work folder stays
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
