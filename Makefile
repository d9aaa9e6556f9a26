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
# What tests do is in part waiting for processes and databases: three of them to two processors, and four where
# servers are started and killed. Each worker more collects every test once more.
WHOLE_WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) * 2 )))
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
CALL ?=

.PHONY: help install install-test demo call test check quick lint proof unit whole achlens bench pictures soak lock reset

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

# With ONLY, those tests alone: a path, the name of a package (payments), or words as for pytest -k.
ifdef ONLY
test: install-test
	.venv/bin/pytest $(if $(findstring /,$(ONLY)),"$(ONLY)",$(if $(wildcard tests/unit/$(ONLY)),tests/unit/$(ONLY),-k "$(ONLY)"))
else
test:  ## everything a commit must pass; ONLY=tests/unit/ach, ONLY=payments or ONLY="words": those tests alone
	@mkdir -p var && : > var/phases
	@# One program each; the unit tests leave them the time in which they wait themselves.
	@$(MAKE) --no-print-directory --jobs timed-lint timed-proof timed-achlens timed-unit
	@$(MAKE) --no-print-directory timed-whole
	@echo "All phases passed:"; cat var/phases

timed-%: install-test
	@started=$$(date +%s); $(MAKE) --no-print-directory $* || exit $$?; \
		printf '  %-8s %4d s\n' $* $$(( $$(date +%s) - started )) >> var/phases
endif

check: lint  ## the fast loop, a minute: lint, types, imports, quick flow check, tests of what changed
	$(IVR) flow check --quick
	@# Exit status 5 is pytest's for none: what changed has long tests only.
	.venv/bin/python tests/changed.py | xargs .venv/bin/pytest -q -n $(WORKERS) --dist loadgroup -m "not soak and not whole and not long" || [ $$? -eq 5 ]

# Hundreds of processes start: what was compiled once is kept for the next.
lint proof achlens unit whole: export PYTHONDONTWRITEBYTECODE :=

# Each takes one processor.
quick: install-test
	@$(MAKE) --no-print-directory --jobs --output-sync=target lint proof achlens

lint: install-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

proof: install-test
	$(IVR) flow check

unit: install-test
	@rm -rf var/coverage
	@# Files whose tests all belong to another phase are not even read.
	PYTHONPATH=tests .venv/bin/pytest -p support.covering \
		$$(grep -rlE '^pytestmark = .*mark\.(whole|soak)' tests | sed 's/^/--ignore=/') \
		-n $(WORKERS) --dist loadgroup -m "not soak and not whole"
	.venv/bin/python tests/covered.py var/coverage/*.json

# Whole calls by the hundred, whole servers and killed processes come without coverage: they prove promises, not lines.
whole: install-test
	grep -rlw --include='*.py' mark.whole tests | sed 's,/conftest.py,,' | \
		xargs .venv/bin/pytest -n $(WHOLE_WORKERS) --dist loadgroup -m "whole and not soak"

# A validator of Nacha files that others wrote, in an environment of its own (var/achlens, made the first time).
achlens: install-test
	.venv/bin/python tests/ach/achlens_check.py

pictures: install-test  ## every page of the console in var/console, in both themes and widths; and those of docs/console.md
	.venv/bin/pytest -q -n 0 --pictures -k test_every_page_is_fit_to_be_seen tests/browser

bench: install-test  ## benchmarks, as ratios against their baselines in the same run; RIVAL=express beside a rival's
	.venv/bin/python -m benchmarks $(if $(RIVAL),--rival $(RIVAL))

soak: install-test  ## the long versions of the random and fault tests
	.venv/bin/pytest -n $(WORKERS) --dist loadgroup -m soak

lock:  ## renew requirements/: the newest versions that pyproject.toml allows, with their hashes
	@$(CHECK_PYTHON)
	"$(PYTHON)" -m venv var/lock && var/lock/bin/pip install --quiet uv
	for extra in run test; do \
		test $$extra = run || with="--extra test --constraint requirements/run.txt"; \
		var/lock/bin/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --no-annotate \
			--extra build $$with --output-file requirements/$$extra.txt pyproject.toml || exit 1; \
	done

reset: install  ## forget the demo: its database, its keys
	@IVR_DEMO=yes exec $(IVR) demo --forget
