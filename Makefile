# Every target sets up what it needs first; that takes minutes once and no time afterwards.
.DEFAULT_GOAL := help
.PHONY: help demo test setup check clean
ARGS ?=
# Many processes start here. Where bytecode is not kept, each compiles every package anew, which takes it 10 s.
export PYTHONDONTWRITEBYTECODE :=
pytest = .venv/bin/pytest $(1) $(ARGS) || [ $$? -eq 5 ]

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

demo: setup ## the whole river on this machine: 300 requests, their answers, the ledger
	@.venv/bin/headrace demo $(ARGS)

test: setup ## the tests, on real Kafka, Valkey, PostgreSQL, Chromium and vLLM; all of them with ARGS=--slow
	@scripts/kcat
	@scripts/postgres
	@scripts/chromium
	@# Three at once: most of the time something waits for a server. What takes longest begins first.
	@$(call pytest,-n 3 --dist loadfile --no-loadscope-reorder tests/contract/test_engine.py tests --ignore tests/faults/test_faults.py)
	@$(call pytest,tests/faults/test_faults.py)

setup: ## .venv, Kafka's jars, the model
	@scripts/setup

check: setup ## lint, format, types, layers
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

clean: ## remove what setup made in this directory (the cache in your home stays)
	@rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
