# make demo    the demo room on air at http://127.0.0.1:8000   (SPEAK=en PORT=9000)
# make test    every test; installs what they need
# make lint    linter, format, types
# make enrol   what enrolment needs besides (MediaPipe)
# make bench   the whole chain measured, against a real RTMP server
# make actor   render the demo's presenters and their truth (hours; goes on where it was stopped)
# make mouth   learn the generic mouth anew from synthesised speech (PACKS=folder of voice packs; an hour)
# make clean   remove .venv and what tests left

SPEAK ?= zh
PORT ?= 8000
SECONDS ?=
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do command -v $$p >/dev/null && \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: demo install enrol test lint bench actor mouth clean

demo: .venv/installed
	@$(BIN)/doublure demo --speak $(SPEAK) --port $(PORT) $(if $(SECONDS),--seconds $(SECONDS))

install: .venv/installed

.venv/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed (found: $$(python3 --version 2>&1));" \
		"install it, or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		v=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$(PYTHON) cannot make virtual environments; installing python$$v-venv"; \
		if [ "$$(id -u)" = 0 ]; then root=; else root="sudo -n"; fi; \
		{ $$root apt-get update && $$root apt-get install -y python$$v-venv; } >/dev/null 2>&1 || { \
		echo "that did not work; install it yourself: apt-get install python$$v-venv"; exit 1; }; }
	@$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/pip pyproject.toml constraints.txt
	@echo "installing; the first time takes some minutes"
	@$(PIP) -e .
	@touch $@

.venv/enrol: .venv/installed
	@$(PIP) -e '.[enrol]'
	@# MediaPipe asks for jax and a second OpenCV, which it does not use here
	@$(PIP) --no-deps mediapipe
	@touch $@

.venv/test: .venv/enrol
	@$(PIP) -e '.[enrol,test]'
	@touch $@

enrol: .venv/enrol

test: .venv/test
	@tests/servers.sh
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -p tests.plugin_noskip -n 3 --dist loadfile --no-loadscope-reorder

lint: .venv/test
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

bench: .venv/test
	@tests/servers.sh
	@$(BIN)/python benchmarks/chain.py

actor: .venv/test
	@tests/servers.sh
	@for who in woman man; do $(BIN)/python -m actor film $$who || exit 1; done

mouth: .venv/test
	@$(BIN)/python -m training.clips --packs "$(PACKS)"
	@$(BIN)/python -m training.generic_mouth

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
