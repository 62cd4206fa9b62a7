# Each target does its own set-up. The variables may stand on the command line: `make up FLYWHEEL_PORT=8001`.

# `local` brings the local engine and training (torch); `make up EXTRAS=` leaves them out.
EXTRAS ?= local
# Arguments for pytest: `make test ARGS=tests/unit`.
ARGS ?=
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$name && break; done)
INSTALL = $(PYTHON) bin/install.py --extras "$(EXTRAS)"
VENV = .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install up test check bench-gateway bench-cache bench-finetune

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 18

install: python ## install the locked packages into .venv
	@$(INSTALL)

up: python ## serve Flywheel on this machine, with its own Postgres and Valkey; Ctrl-C stops it
	@$(INSTALL) && exec env FLYWHEEL_EXTRAS="$(EXTRAS)" $(VENV)/python -m flywheel.local up

test: python ## run all tests on throw-away services
	@$(INSTALL) --dev && exec $(VENV)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: python ## lint, types, architecture, migrations
	@$(INSTALL) --dev
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@find templates apps -name '*.html' | xargs $(VENV)/djade --check --target-version 5.2
	@$(VENV)/lint-imports
	@$(VENV)/python -m flywheel.local run -- sh -ec 'export PATH=$(CURDIR)/$(VENV):$$PATH; \
		mypy; python manage.py makemigrations --check --dry-run; python manage.py check --fail-level WARNING'

bench-gateway: python ## what the gateway costs beside a bare proxy and its peers (ARGS="--litellm ENV --portkey FOLDER")
	@$(INSTALL) --dev && exec $(VENV)/python -m bench.gateway $(ARGS)

bench-cache: python ## how long a semantic lookup takes among 100,000 entries
	@$(INSTALL) --dev && exec $(VENV)/python -m bench.semantic_cache $(ARGS)

bench-finetune: python ## what the platform adds to a finetune
	@$(INSTALL) --dev && exec $(VENV)/python -m bench.finetune

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Flywheel needs Python 3.11 or newer; install it (Debian and Ubuntu:" \
		"apt install python3 python3-venv) and run the same command again."; exit 1; }
