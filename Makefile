# `make help` lists what there is. Only Python 3.11 or newer and make are needed; no root, no server.
# PYTHON=… names the Python to use, PORT=… where the demo serves, CALL=… a written call to play.

ifndef PYTHON
PYTHON := $(shell for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo "$$name" && exit; done; \
	for name in python3 python; do "$$name" -c '' >/dev/null 2>&1 && echo "$$name" && exit; done)
endif

define CHECK_PYTHON
command -v "$(PYTHON)" >/dev/null || \
	{ echo "Python 3.11 or newer is needed; found none: install it, or set PYTHON to it." >&2; exit 1; }; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	"Python 3.11 or newer is needed; found %d.%d: install it, or set PYTHON to it." % sys.version_info[:2] or 0)'
endef

IVR := .venv/bin/ivr
# Half of what the tests do is waiting for processes and databases: three of them to two processors.
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
CALL ?=

.PHONY: help install install-test demo call test lint unit achlens bench soak reset

help:  ## show this
	@sed -n 's/^\([a-z]*\):.*## /\1: /p' Makefile | awk '{ name = $$1; $$1 = ""; sub(":", "", name); printf "make %-8s%s\n", name, $$0 }'

install:  ## only the environment: .venv, with the ivr command in .venv/bin
	@$(CHECK_PYTHON)
	@"$(PYTHON)" -I ivr/cli/install.py

install-test:
	@$(CHECK_PYTHON)
	@"$(PYTHON)" -I ivr/cli/install.py test

demo: install  ## the line with sample members on 127.0.0.1:8000 (PORT); prints what to key
	@IVR_DEMO=yes exec $(IVR) demo

call: install  ## a phone in the terminal; CALL=path.call plays a written call by itself
	@IVR_DEMO=yes exec $(IVR) call $(if $(CALL),"$(CALL)")

test: lint unit achlens  ## everything a commit must pass

lint: install-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(IVR) flow check

# Coverage follows the tests into the processes they start. 100 % where everything is pure and where money
# moves, 95 % overall. Whole calls by the hundred, whole servers and killed processes come after it, without:
# they prove promises, not lines. Hundreds of processes start: what was compiled once is kept for the next.
unit: export PYTHONDONTWRITEBYTECODE :=
unit: install-test
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest -n $(WORKERS) --dist loadgroup -m "not soak and not whole"
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report --include='ivr/dialog/*,ivr/speech/*,ivr/ach/*,ivr/payments/*' --skip-covered --show-missing --fail-under=100
	.venv/bin/coverage report --skip-covered --show-missing --precision=2 --fail-under=95
	.venv/bin/pytest -n $(WORKERS) --dist loadgroup -m "whole and not soak"

# A validator of Nacha files that others wrote, in an environment of its own (var/achlens, made the first time).
achlens: install-test
	.venv/bin/python tests/ach/achlens_check.py

bench: install-test  ## benchmarks, as ratios against their baselines in the same run
	.venv/bin/python -m benchmarks

soak: install-test  ## the long versions of the random and fault tests
	.venv/bin/pytest -n $(WORKERS) --dist loadgroup -m soak

reset: install  ## forget the demo: its database, its keys
	@IVR_DEMO=yes exec $(IVR) demo --forget
