# A fresh machine needs Python 3.10 to 3.13 and make; everything else goes to .venv.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Faster on CPUs without AVX512, where TensorFlow leaves it off.
export TF_ENABLE_ONEDNN_OPTS ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: setup quickstart test test-first-half test-second-half check
setup: .venv/installed

.venv/installed: constraints.txt setup.py
	$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14) and "Python 3.10 to 3.13 is needed. Received: " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

quickstart: setup
	bin/reproduce --flagfile=configs/quickstart.flags --overwrite

# Two at a time, each about half: a test waits now and then for a process or a browser.
FIRST_HALF := $(addprefix tests/,invariants stages sweep cli analysis users studies benchmark estimator kernels)
test: setup
	$(MAKE) --jobs=2 test-first-half test-second-half

test-first-half: setup
	$(BIN)/pytest -o cache_dir=.pytest_cache/first $(FIRST_HALF)

test-second-half: setup
	$(BIN)/pytest -o cache_dir=.pytest_cache/second $(FIRST_HALF:%=--ignore=%)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
