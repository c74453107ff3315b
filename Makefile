# Every command of the project; each does its own set-up. `make` alone lists them.
# Options go in ARGS: make run ARGS="--port 9000"; make test ARGS="tests/edge -k spool"
PYTHON ?= python3
ARGS ?=

.PHONY: help setup run test test-fast check accept bench chaos soak extras lock docs clean
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install everything a developer needs into .venv
run: ## start the whole farm on this machine (headland up)
test: ## run the tests; what the machine lacks is named at the end
test-fast: ## run the pure tests only: no process, socket or service
check: ## ruff, mypy and the floors
accept: ## check on real logs and tables: HEADLAND_REAL_DATA=FOLDER make accept
bench: ## run the benchmarks into build/bench.json
chaos: ## hurt a farm of its own in thirty ways and prove that nothing is lost
soak: ## a simulated day of 200 gateways on one station (minutes)
extras: ## install each extra alone in a clean venv and import its part (slow)
lock: ## pin the dependencies again; ARGS=--upgrade moves them on
docs: ## build the help pages into build/help
setup run test test-fast check accept bench chaos soak extras lock docs:
	@exec $(PYTHON) bootstrap.py $@ -- $(ARGS)

clean: ## remove what was built and installed here; data and spools stay
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './dashboard/*' -prune -exec rm -rf {} +
