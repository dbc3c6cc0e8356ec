# Everything below works on a bare Debian 12 with Python 3.11 (venv) and make.
SHELL := /bin/sh
PYTHON ?= python3
PY := .venv/bin/python
WORKERS ?= 2
REQUIREMENTS := requirements.txt requirements-embedded.txt requirements-embedded-nodeps.txt
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-warn-conflicts

.DEFAULT_GOAL := help
.PHONY: help setup run audit test drill fuzz check bench bench-exercises bench-practice bench-retrieval bench-scale bench-grading clean lock

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r t h; do printf '  make %-15s %s\n' "$$t" "$$h"; done

setup: .venv/.installed ## install everything into .venv (about a minute)

.venv/.installed: $(REQUIREMENTS)
	@$(PYTHON) learning_assistant/embedded/preflight.py
	@echo "setup: packages (about 300 MB to fetch)"
	@$(PYTHON) -m venv .venv
	@$(PIP) -r requirements.txt -r requirements-embedded.txt
	@$(PIP) --no-deps -r requirements-embedded-nodeps.txt
	@$(PY) -m learning_assistant.embedded.weights
	@touch $@

.venv/.dev: .venv/.installed requirements-dev.txt
	@echo "setup: packages of the checks and tests"
	@$(PIP) -r requirements-dev.txt
	@touch $@

run: .venv/.installed ## start everything; PORT=8001 and DATA_DIR=… make a second copy
	@exec $(PY) -m learning_assistant.run

# Tests that measure time, or start a whole copy, come after the others, with the machine to themselves.
test: .venv/.dev ## run the tests against real services; WORKERS=4 of them at a time
	@$(PY) -m pytest -m "not alone and not drill" -n $(WORKERS) --dist loadfile
	@$(PY) -m pytest -m "alone and not drill"

drill: .venv/.dev ## break each part under load; prints recovery times, writes drill.json (half an hour)
	@$(PY) -m pytest tests/drills --timeout 1800 $(ARGS)

fuzz: .venv/.dev ## odd requests for MINUTES=10 and many examples of every property; SEED=… repeats
	@$(PY) -m tests.fuzz $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

check: .venv/.dev ## lint, types, import directions, migrations, deployment settings, catalogue, exercises
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check-bank check-rest

.PHONY: check-bank check-rest
check-bank: .venv/.dev
	@$(PY) manage.py check_bank

check-rest: .venv/.dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy .
	@.venv/bin/lint-imports
	@.venv/bin/bandit --quiet -c pyproject.toml -r learning_assistant sessions resources exercises manage.py
	@$(PY) manage.py spectacular --validate --fail-on-warn --file .data/openapi.yaml && diff -u docs/openapi.yaml .data/openapi.yaml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check_catalogue
	@HTTPS=true TRUSTED_PROXIES=127.0.0.1 $(PY) manage.py check --deploy --fail-level WARNING
	@$(MAKE) --no-print-directory audit

audit: .venv/.dev ## known vulnerabilities of what is installed; without the network it says so
	@$(PY) -m tests.audit $(REQUIREMENTS) requirements-dev.txt

bench: .venv/.dev ## measure with 1 and 10 users, or USERS="1 100" THINK="0 5" GPU=best; writes bench.json and bench.svg
	@$(PY) -m tests.load.bench $(if $(USERS),--users $(USERS)) $(if $(THINK),--think $(THINK)) \
	  $(if $(SECONDS),--seconds $(SECONDS)) $(if $(GPU),--gpu $(GPU)) $(ARGS)

bench-exercises: .venv/.dev ## what the models in use make of the catalogue, and what is refused
	@$(PY) -m tests.load.exercises $(if $(COUNT),--count $(COUNT)) $(if $(TYPE),--type $(TYPE))

bench-practice: .venv/.dev ## measure 10 learners who practise without pause; writes bench-practice.json
	@$(PY) -m tests.load.practice $(ARGS)

bench-retrieval: .venv/.dev ## measure what is found, and what else was tried; COLLECTION=folder
	@$(PY) -m tests.load.retrieval $(COLLECTION)

bench-scale: .venv/.dev ## measure the search over 10,000 resources and 100,000 chunks (half an hour)
	@$(PY) -m tests.load.scale $(ARGS)

bench-grading: .venv/.dev ## compare scores of short answers with human marks; FILE=marks.jsonl
	@$(PY) -m tests.load.grading $(FILE)

clean: ## remove the virtual environment and caches; .data, with the database, stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: ## write the exact versions of requirements*.in (wants uv)
	for f in requirements requirements-embedded requirements-dev; do \
	  uv pip compile -q $$f.in -o $$f.txt --python-version 3.11 --no-emit-index-url --no-header --annotation-style line; done
