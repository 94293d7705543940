# keepcool: every target sets up its own .venv; a machine with only python3 (>= 3.11) and make will do.
#
#   make demo                    one hot day in a simulated home, no settings needed
#   make test                    the fast test suite, a real MQTT broker included
#   make PYTHON=python3.13 test  the same with another interpreter

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
PREFIX ?= /usr/local

BIN := $(VENV)/bin
# A chosen interpreter is part of the stamp's name, so that choosing another rebuilds .venv.
ifneq ($(origin PYTHON),file)
PYTHON_TAG := -$(shell $(PYTHON) -c 'import sys; print(sys.implementation.cache_tag)')
endif
DEV_STAMP := $(VENV)/.installed-dev$(PYTHON_TAG)
# What the demo needs is part of what development needs, so the larger set serves once it is there.
DEMO_STAMP := $(if $(wildcard $(DEV_STAMP)),$(DEV_STAMP),$(VENV)/.installed-demo$(PYTHON_TAG))
PACKAGES := daemon integrations policies config

.DEFAULT_GOAL := help
.PHONY: help demo install uninstall test lint bench soak guards service e2e deb addon venv lock clean

help: ## Show the targets
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do printf '  %-9s %s\n' "$$name" "$$text"; done

demo: $(DEMO_STAMP) ## Run one hot day in a simulated home
	@$(BIN)/keepcool demo

INSTALL := PYTHON='$(PYTHON)' PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' systemd/install.sh

install: ## Install keepcool as a service (root; MOSQUITTO=1: rules for the broker too)
	@MOSQUITTO='$(MOSQUITTO)' $(INSTALL) install

uninstall: ## Remove it; settings and data stay (PURGE=1: remove them too)
	@PURGE='$(PURGE)' $(INSTALL) uninstall

deb: ## Build the Debian package into dist/, for this machine's Debian (no root)
	@systemd/deb.sh $(DEB_VERSION)

# Three workers on two cores: many tests wait for a process or a broker.
test: $(DEV_STAMP) ## Run the fast test suite (PYTEST_ARGS=... for more arguments)
	@.ci/ensure-mosquitto
	@$(BIN)/python -m pytest -n 3 --dist worksteal $(PYTEST_ARGS)

lint: $(DEV_STAMP) ## Check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(DEV_STAMP) ## Measure speed, memory and disk use
	@.ci/ensure-mosquitto
	@$(BIN)/python tests/bench/run.py

KILLS ?= 1000
CUTS ?= 100
FLOOD_S ?= 600

soak: $(DEV_STAMP) ## Kill the daemon (KILLS=1000), cut its power (CUTS=100, root), flood it (FLOOD_S=600)
	@.ci/ensure-mosquitto
	@KEEPCOOL_TEST_KILLS=$(KILLS) KEEPCOOL_TEST_CUTS=$(CUTS) KEEPCOOL_TEST_FLOOD_S=$(FLOOD_S) \
		$(BIN)/python -m pytest -q -s -p no:xdist \
		tests/faults/test_faults_kill.py tests/faults/test_faults_flood.py tests/faults/test_faults_volume.py

GUARDS ?= all

guards: $(DEV_STAMP) ## Take each guard away and see its fault test fail (GUARDS=10: a sample)
	@.ci/ensure-mosquitto
	@$(BIN)/python -m tests.faults.guards $(GUARDS)

service: $(DEV_STAMP) ## Prove the unit and the add-on in small Debians of their own (root)
	@$(BIN)/python -m tests.service.run

e2e: $(DEV_STAMP) ## Run keepcool in a real Home Assistant (needs Python 3.13; KEEPCOOL_HA_VENV: one that you have)
	@.ci/ensure-mosquitto
	@tests/e2e/run $(BIN)/python $(PYTEST_ARGS)

addon: $(DEV_STAMP) ## Make addon/ whole: an add-on for Home Assistant OS, to be copied there
	@rm -f addon/*.whl
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir addon .
	@cp CHANGELOG.md requirements.lock requirements-build.lock addon

venv: $(DEV_STAMP) ## Create .venv with everything needed to work on keepcool

$(VENV)/.installed-%$(PYTHON_TAG): requirements-%.lock requirements-build.lock pyproject.toml
	@.ci/ensure-venv '$(PYTHON)' '$(VENV)' $(if $(PYTHON_TAG),exact,any)
	@.ci/install-locked '$(VENV)' $< --editable
	@touch $@

# Versions stay as they are unless something asks for a change; UV_ARGS=--upgrade takes the newest.
UV := $(VENV)/lock-tools/bin/uv
UV_ARGS ?=
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' $(UV_ARGS)

lock: $(UV) ## Resolve the dependencies of pyproject.toml again into requirements*.lock
	$(COMPILE) pyproject.toml --extra demo --extra push --extra report --group dev --group build -o requirements-dev.lock
	$(COMPILE) pyproject.toml --extra demo -c requirements-dev.lock -o requirements-demo.lock
	$(COMPILE) pyproject.toml --extra push -c requirements-dev.lock -o requirements.lock
	$(COMPILE) --group build -c requirements-dev.lock -o requirements-build.lock

$(UV):
	@.ci/ensure-venv '$(PYTHON)' '$(VENV)' any
	$(BIN)/python -m venv $(VENV)/lock-tools
	$(VENV)/lock-tools/bin/pip install --quiet 'uv>=0.9'

clean: ## Remove .venv and everything generated
	rm -rf $(VENV) build dist demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find $(PACKAGES) tests -name __pycache__ -prune -exec rm -rf {} +
