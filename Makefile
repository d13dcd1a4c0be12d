# make replay and make test are all it takes; everything they make lives in .venv and build.
PYTHON ?= python3
CXX ?= g++
VENV := .venv
BUILD_DIR := build/develop
CMAKE_OPTIONS ?=
PYTEST_OPTIONS ?= -q -n auto
RUN ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# What the compiled parts are made from; other changes need no new build.
COMPILED := $(wildcard csrc/*/*.h csrc/*/*.cpp kubesched/api/*.py) CMakeLists.txt pyproject.toml
BUILD_REQUIREMENTS := 'scikit-build-core>=0.10' 'pybind11>=2.13' 'cython>=3.1' 'cmake>=3.24' ninja
DEFINES = $(foreach option,$(CMAKE_OPTIONS),-C cmake.define.$(option))

# The requirements of an extra, one a line.
requirements = $(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['$(1)'], sep='\n')"

.PHONY: replay test bench bench-docs bench-compare bench-counts bench-baseline lint sanitize sanitize-threads clean

replay: $(VENV)/.installed
	$(BIN)/kubesched replay --example

test: $(VENV)/.test-requirements $(VENV)/.installed
	$(RUN) $(BIN)/python -m pytest $(PYTEST_OPTIONS)

bench: $(VENV)/.test-requirements $(VENV)/.installed
	mkdir -p build
	$(BIN)/python -m pytest -q bench -o python_files='bench_*.py' --benchmark-json=build/bench.json \
		--benchmark-columns=median --benchmark-disable-gc --benchmark-quiet
	$(BIN)/python -m bench.table build/bench.json

# The last run of make bench, as tables and a plot in docs/performance.md.
bench-docs: $(VENV)/.bench-requirements $(VENV)/.installed
	$(BIN)/python -m bench.document build/bench.json

# Another commit beside this tree, in runs by turns: make bench-compare REF=main~1 [CASES="spread-* openb"].
CASES ?=
bench-compare: $(VENV)/.test-requirements $(VENV)/.installed
	@test -n "$(REF)" || { echo 'REF must name a commit, as in make bench-compare REF=main~1' >&2; exit 2; }
	@set -f; $(BIN)/python -m bench.compare "$(REF)" $(CASES)

# The instructions of small loads against bench/instructions.json; a higher baseline needs a reason.
bench-counts: $(VENV)/.test-requirements $(VENV)/.installed
	@$(BIN)/python -m bench.counts

bench-baseline: $(VENV)/.test-requirements $(VENV)/.installed
	@$(BIN)/python -m bench.counts --baseline --reason "$(REASON)"

lint: $(VENV)/.lint-requirements $(VENV)/.test-requirements $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell
	find csrc -name '*.h' -o -name '*.cpp' | xargs $(BIN)/clang-format --dry-run -Werror

# The whole suite on a core built with AddressSanitizer and UndefinedBehaviorSanitizer, in an environment of its own.
sanitize: RUNTIME = $(shell $(CXX) -print-file-name=libasan.so) $(shell $(CXX) -print-file-name=libstdc++.so.6)
sanitize:
	$(MAKE) test VENV=build/sanitize/venv BUILD_DIR=build/sanitize/cmake \
		CMAKE_OPTIONS="KUBESCHED_SANITIZE=address,undefined KUBESCHED_WERROR=ON" \
		RUN="env LD_PRELOAD='$(RUNTIME)' ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1"

# Two threads on a core built with ThreadSanitizer, in an environment of its own.
sanitize-threads: RUNTIME = $(shell $(CXX) -print-file-name=libtsan.so) $(shell $(CXX) -print-file-name=libstdc++.so.6)
sanitize-threads:
	$(MAKE) test VENV=build/sanitize-threads/venv BUILD_DIR=build/sanitize-threads/cmake \
		CMAKE_OPTIONS="KUBESCHED_SANITIZE=thread KUBESCHED_WERROR=ON" \
		PYTEST_OPTIONS="-q -p no:xdist --capture=no tests/kubesched/engine/test_threads.py $(THREADS_OPTIONS)" \
		RUN="env LD_PRELOAD='$(RUNTIME)' TSAN_OPTIONS=halt_on_error=1:exitcode=66:suppressions=$(CURDIR)/tests/tsan.supp"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(PIP) install $(BUILD_REQUIREMENTS)

$(VENV)/.installed: $(COMPILED) | $(VENV)/bin/python
	@echo "installing kubesched in $(VENV): compiling the core takes a minute"
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --no-build-isolation -C build-dir=$(BUILD_DIR) -C install.strip=false $(DEFINES) -e .
	@touch $@

$(VENV)/.test-requirements: pyproject.toml | $(VENV)/bin/python
	$(call requirements,test) | xargs $(PIP) install
	@touch $@

$(VENV)/.bench-requirements: pyproject.toml | $(VENV)/bin/python
	$(call requirements,bench) | xargs $(PIP) install
	@touch $@

$(VENV)/.lint-requirements: pyproject.toml | $(VENV)/bin/python
	$(call requirements,lint) | xargs $(PIP) install
	@touch $@

clean:
	rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
