# Commands of the project; each installs what it needs. `make` alone lists them.
# Options go in ARGS: make run ARGS="--port 9000"; make test ARGS="tests/edge -k spool"
PYTHON ?= python3
ARGS ?=

.PHONY: help setup run test test-fast check accept bench chaos soak simulate mutants disk-year extras lock docs audit deb deb-test clients-test compose-test compose-split-test systemd-test help-pictures pictures release clean
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## install the development environment into .venv
run: ## start a farm on this machine (headland up)
test: ## run the tests but the long ones, which CI runs: ARGS="-m long"; a table lists the missing services at the end
test-fast: ## run the pure tests only: no process, socket or service
check: ## run ruff, mypy and the import contracts
accept: ## run the checks on real logs and tables: HEADLAND_REAL_DATA=FOLDER make accept
bench: ## run the benchmarks; results in build/bench.json and a history by commit
chaos: ## inject thirty faults into a test farm and check that nothing is lost
soak: ## simulate a day of 200 gateways on one station (minutes)
simulate: ## simulate the delivery chain under faults: ARGS="--seed 7 --hours 1000"
mutants: ## break each guard of the delivery chain by a line and see it found (an hour): ARGS="--sample 3"
disk-year: ## run a farm for a simulated year on a disk of 2 GB, with a retention and without (as root, an hour)
extras: ## install each extra alone and import its part, then run a farm on the lowest versions (slow): ARGS=lowest
lock: ## pin the dependencies again; ARGS=--upgrade updates them
docs: ## build the help pages into build/help
help-pictures: ## take the pictures of the help's tasks in docs/images/tasks again, in both languages: ARGS="pass plan"
pictures: ## take the pictures and the recording of the dashboard in docs/images, of a farm that runs: ARGS="FOLDER"
audit: ## ask for known vulnerabilities of the dependencies; bill of materials in build/sbom.json
deb: ## build Debian's package of a gateway into build/deb: ARGS="--architecture arm64"
release: ## build all files of a release into build/release, with their sums: ARGS="--tag v0.1.0 --key FILE"
compose-test: ## run the small farm of docker-compose.yml under podman and kill each service (as root, slow)
compose-split-test: ## the same with ingest, API and databases as services: ARGS="--workers" for RabbitMQ and three workers
systemd-test: ## run the units under systemd in namespaces, kill each and let it hang (as root, minutes)
clients-test: ## let QGIS (apt-get install python3-qgis qgis-providers) and Home Assistant (from PyPI) read a farm (slow)
deb-test: ## install it on bare Debian systems, enrol, upgrade and purge (as root, slow)
setup run test test-fast check accept bench chaos soak simulate mutants disk-year extras lock docs audit deb deb-test clients-test compose-test compose-split-test systemd-test help-pictures pictures release:
	@exec $(PYTHON) bootstrap.py $@ -- $(ARGS)

clean: ## remove builds and the environment; data and spools are kept
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './dashboard/*' -prune -exec rm -rf {} +
