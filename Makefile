# make demo   sets up, releases the labs, grades a class, leaves a report to open
# make test   sets up, runs everything that CI runs
# make book   sets up, runs the solution notebooks, builds the course book: book/index.html
# make attacks   sets up, runs the whole corpus of attacks, those that make test leaves out included
# make screenshots   sets up, takes the pictures of README.md and docs/ anew

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export AUTOGRADER_SEED

.PHONY: demo test attacks book screenshots setup sandbox browser server
.PHONY: lint unit fresh pages verify lock format

demo: setup
	$(BIN)/python -m autograder.demo lab06_depthwise_conv lab02_mean_zero_init

test: AUTOGRADER_SEED = make-test
test: setup lint fresh pages verify unit

attacks: AUTOGRADER_SEED = make-test
attacks: setup
	ATTACKS=all $(BIN)/python -m pytest tests/test_attacks.py

book: setup
	$(BIN)/autograder book

screenshots: AUTOGRADER_SEED = make-test
screenshots: setup
	cd tests && ../$(BIN)/python -m browser.screenshots

setup: .venv/installed sandbox browser server

.venv/installed: requirements.lock pyproject.toml hatch_build.py bin/autograder
	@echo "Setting up .venv from requirements.lock (a few minutes, once)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Submissions run in bubblewrap, behind a filter of system calls where libseccomp is there. Root on a
# Debian gets both at once; others are told what to install.
sandbox:
	@{ command -v bwrap && /sbin/ldconfig -p | grep libseccomp.so.2; } >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq bubblewrap libseccomp2 >/dev/null; } \
	  || command -v bwrap >/dev/null \
	  || { echo "bubblewrap is missing: install it, e.g. sudo apt-get install bubblewrap"; exit 1; }

# The browser tests want Debian's Chromium. Without it they skip, and nothing else is missing.
browser:
	@command -v chromium >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "Chromium is missing, so the browser tests skip: e.g. sudo apt-get install chromium"

# So do the tests of a gradebook on a server, with Debian's PostgreSQL, which they start themselves.
server:
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq postgresql >/dev/null; } \
	  || echo "PostgreSQL is missing, so its tests skip: e.g. sudo apt-get install postgresql"

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fresh:
	$(BIN)/autograder release --check

# Every page is built, without running the notebooks: `make book` does that.
pages:
	$(BIN)/autograder book --no-run --output build/book

verify:
	$(BIN)/autograder verify

unit:
	$(BIN)/python -m pytest

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The locks hold versions and hashes for every platform, and name no index.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header pyproject.toml --extra instructor --extra cluster --extra postgresql
lock:
	$(LOCK) --group dev --output-file requirements.lock
	$(LOCK) --extra gpu --output-file requirements-gpu.lock
