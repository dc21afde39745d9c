# What people and CI do here; `make` alone lists it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
INSTALLED := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export TF_CPP_MIN_LOG_LEVEL ?= 2
export MLFLOW_DISABLE_TELEMETRY ?= true

.DEFAULT_GOAL := help
.PHONY: help install run test ui team serve lint bench reproduce sweep fuzz torture audit release lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED)  ## make .venv with the pinned dependencies (the other targets do so by themselves)

# Compiled here, on all cores: where nobody writes what Python compiles (PYTHONDONTWRITEBYTECODE, as in many containers),
# each process would compile TensorFlow anew, for longer than it takes to import.
$(INSTALLED): pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	python -m pip install --quiet --disable-pip-version-check --no-compile --constraint requirements.lock --editable '.[train,team,images,sympy,dev]'
	python -m compileall -q -j 0 $(VENV)/lib
	@touch $@

run: $(INSTALLED)  ## run the pipeline on made-up handwriting: data, both models, their figures
	dvc repro

test: $(INSTALLED)  ## run the tests, all but those of many minutes, marked long (ARGS='-m "not slow"': only quick ones)
	python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

ui: $(INSTALLED)  ## look at the training runs in MLflow, http://127.0.0.1:5000
	@set -e; shown=$$(python -m inkmath.tracking where); case "$$shown" in \
	http*) echo "the runs are shown at $$shown";; \
	*) MLFLOW_BACKEND_STORE_URI=$$(python -m inkmath.tracking where --password) MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false \
		mlflow ui --workers 1 $(ARGS);; \
	esac

team: $(INSTALLED)  ## MLflow on PostgreSQL with artifacts and data in an S3 store, for several machines (docs/scaling.md)
	python -m inkmath.tracking team $(ARGS)

serve: $(INSTALLED)  ## write formulas in the browser, http://127.0.0.1:8000
	inkmath serve --save data/raw/user $(ARGS)

lint: $(INSTALLED)  ## check style and types
	ruff check .
	ruff format --check .
	mypy

reproduce: $(INSTALLED)  ## run the pipeline twice, in two places: the same data, weights and figures
	python -m pytest -m long tests/test_reproduction.py $(ARGS)

sweep: $(INSTALLED)  ## queue 20 experiments with 4 workers in a fresh clone: every run and model is there, once
	python -m pytest -m long tests/tracking/test_queue.py $(ARGS)

fuzz: $(INSTALLED)  ## read 120,000 damaged files (make fuzz ARGS='--runs 10000 DIR': fewer, and real InkML of DIR too)
	PYTHONPATH=.:tests python -m fuzzing $(ARGS)

torture: $(INSTALLED)  ## kill the pipeline at 50 random moments; each time the next run ends as if nothing had been
	python -m pytest -m long tests/test_torture.py $(ARGS)

audit: $(INSTALLED)  ## ask PyPI which pinned packages have known holes
	python -m pip install --quiet --disable-pip-version-check pip-audit
	pip-audit --requirement requirements.lock --no-deps --disable-pip $(ARGS)

bench: $(INSTALLED)  ## measure speed, as ratios with their conditions
	@set -e; for script in benchmarks/*.py; do echo "== $$script"; python -m "benchmarks.$$(basename "$$script" .py)" $(ARGS); done

release: $(INSTALLED)  ## ship the champions of both tasks, unless what is shipped reads validation better
	@failed=0; for task in symbol expression; do python -m inkmath.tracking release $$task $(ARGS) || failed=1; done; exit $$failed

lock:  ## pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --quiet --upgrade --python-version 3.11 --python-platform x86_64-unknown-linux-gnu --no-header --no-annotate --extra train --extra team --extra images --extra sympy --extra dev pyproject.toml --output-file requirements.lock

clean:  ## remove what the pipeline and the tools made, but neither .venv, nor collected data, nor MLflow runs
	rm -rf data/raw/synthetic data/interim data/processed models results dvc_plots checkpoints fuzz-finds build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
