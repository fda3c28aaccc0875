# Every task of the project; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run tab web test web-types web-test test-web test-api test-random test-busy test-faults test-deploy test-live restore-drill bench-service train setup setup-test format lint types imports unit bench-accuracy bench-speed example wheel lock clean
.PHONY: scan audit sbom nginx-headers secrets-baseline images push perf smoke perf-site kubeconfig manifests deploy canary rollback
PYTHON := .venv/bin/python
export PYTHONPATH := .
# For what needs nothing but Python, on a machine where nothing is set up.
PYTHON_ANYWHERE := python3
ENVIRONMENT ?= staging
NAMESPACE = $(if $(filter production,$(ENVIRONMENT)),genesis,genesis-staging)

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: setup web ## Set up, then start the service on this machine: http://127.0.0.1:8000
	.venv/bin/genesis serve --example examples/morning-porch.ogg --open

tab: setup ## Set up, then transcribe the example recording, print its tab and say where the files are
	.venv/bin/genesis transcribe examples/morning-porch.ogg --out out --show

test: setup-test lint types imports unit web-test test-deploy ## Set up, then run every check

web: setup ## Build the web application (web/build)
	@scripts/web.sh

web-types: setup-test ## Generate the types of the API anew from its OpenAPI document
	$(PYTHON) scripts/openapi.py build/openapi.json && cd web && npm run --silent api

web-test: setup-test web ## Check the web application: types of the API, lint, types, unit tests
	$(PYTHON) scripts/openapi.py build/openapi.json && cd web && npm run --silent api && git diff --exit-code --stat src/lib/services/schema.d.ts
	cd web && npm run --silent lint && npm run --silent check && npm run --silent test

test-web: setup-test web ## Use the built page in a real browser against the real service
	cd web && npm run --silent e2e

setup:
	@scripts/setup.sh run

setup-test:
	@scripts/setup.sh test

format: ## Format the code
	$(PYTHON) -m ruff format . && $(PYTHON) -m ruff check --fix .

lint: ## Check formatting and lint rules
	$(PYTHON) -m ruff format --check . && $(PYTHON) -m ruff check .

types: ## Check types (strict)
	$(PYTHON) -m mypy

imports: ## Check the import rules of ARCHITECTURE.md
	.venv/bin/lint-imports

unit: ## Run the tests
	GENESIS_TEST_SERVERS=required $(PYTHON) -m pytest -n 2

test-api: setup-test ## Try hundreds of made-up requests of every kind on the API
	GENESIS_API_EXAMPLES=100 $(PYTHON) -m pytest tests/service/test_any_request.py

test-random: setup-test ## Search for inputs that no run has seen: every property, with new random examples
	GENESIS_TEST_SERVERS=required $(PYTHON) -m pytest -n 2 --hypothesis-profile=random

test-busy: setup-test ## Run the tests while every process of theirs is held up at random
	GENESIS_TEST_SERVERS=required $(PYTHON) -m tests.busy -n 2

test-faults: setup-test ## Break the running service in every way and check that no job is lost
	GENESIS_TEST_SERVERS=required $(PYTHON) -m pytest tests/faults -s

bench-accuracy: ## Measure accuracy on ../shared/eval, write benchmarks/results/
	for topic in notes string_levels tab mixes beats harmony fingering techniques quantise; do $(PYTHON) -m benchmarks.accuracy.$$topic || exit 1; done

test-deploy: setup-test ## Check every deployment file with the program that will read it
	@scripts/setup.sh deploy
	$(PYTHON) -m pytest tests/deploy

test-live: setup-test web ## Run the perimeter, monitoring and backups on this machine and check what they do
	@scripts/setup.sh live
	@scripts/setup.sh deploy
	GENESIS_TEST_SERVERS=required $(PYTHON) -m pytest tests/live

restore-drill: setup-test ## Lose a running installation and restore it from its backups alone; prints loss and time
	@scripts/setup.sh live
	GENESIS_TEST_SERVERS=required $(PYTHON) -m pytest tests/live/test_restore.py -s -k everything_that_was_lost

scan: ## Look for secrets and for risky code
	@scripts/setup.sh deploy
	scripts/scan.sh

secrets-baseline: ## After a look at each: say that what `make scan` takes for secrets is none
	@scripts/setup.sh deploy
	scripts/scan.sh baseline

audit: ## Ask the registry for known weaknesses of the npm packages (needs one that answers; Python's: see scan.yaml)
	for folder in web deploy/tools tests/formats/alphatab tests/service/socketio; do (cd $$folder && npm audit --audit-level=high) || exit 1; done

images: ## Build the images (IMAGES= some of them: api web worker worker-gpu backup; needs Docker)
	scripts/images.sh build $(IMAGES)

push: ## Build the images and send them to the registry, with provenance and SBOM
	scripts/images.sh push $(IMAGES)

perf: setup-test ## Measure a small service on this machine and compare with benchmarks/budget.json
	$(PYTHON) -m benchmarks.service --small --results build/service.json --parts start song endpoints queue sockets
	$(PYTHON) -m benchmarks.budget service build/service.json

smoke: ## Use a running site as a new user would (URL=https://…)
	$(PYTHON_ANYWHERE) -m benchmarks.site $(URL) --results build/site.json

perf-site: ## Use a running site for a while and compare with benchmarks/budget.json (URL=https://…)
	$(PYTHON_ANYWHERE) -m benchmarks.site $(URL) --rounds 20 --results build/site.json
	$(PYTHON_ANYWHERE) -m benchmarks.budget site build/site.json

manifests: ## Write what a release applies: build/ENVIRONMENT.yaml (ENVIRONMENT= VERSION= and build/digests/ of `make push`)
	deploy/release/render.sh $(ENVIRONMENT) $(VERSION) build/digests > build/$(ENVIRONMENT).yaml

kubeconfig: ## In a workflow: write build/kubeconfig (CLUSTER_SERVER, CLUSTER_CA from the environment)
	mkdir -p build && deploy/release/kubeconfig.sh > build/kubeconfig

deploy: manifests ## Bring a release out, and take it back if it does not get ready
	deploy/release/deploy.sh $(NAMESPACE) build/$(ENVIRONMENT).yaml

canary: manifests ## Let one server of a release answer beside the others, and compare
	deploy/release/canary.sh $(NAMESPACE) build/$(ENVIRONMENT).yaml

rollback: ## Take a release back
	deploy/release/rollback.sh $(NAMESPACE)

sbom: setup-test ## Write what every image is made of (build/sbom, CycloneDX)
	@scripts/setup.sh deploy
	$(PYTHON) scripts/sbom.py build/sbom

nginx-headers: setup ## Write the headers of pages for nginx anew from the service's code
	$(PYTHON) scripts/nginx_headers.py deploy/nginx

bench-service: setup-test ## Measure what the service costs and bears, write benchmarks/results/service.json
	$(PYTHON) -m benchmarks.service && $(PYTHON) -m benchmarks.service.capacity

bench-speed: ## Measure speed and memory beside the basic-pitch command, write benchmarks/results/
	[ -x build/peer/bin/basic-pitch ] || benchmarks/peer.sh build/peer
	$(PYTHON) -m benchmarks.speed --peer build/peer/bin/basic-pitch

train: ## Train the guitar model (LIBRARIES= SOUNDFONT=, see training/guitar/README.md); goes on after a kill
	OPENBLAS_NUM_THREADS=1 $(PYTHON) -m training.guitar.train --libraries $(LIBRARIES) --annotations ../shared/eval/guitarset/annotation --soundfont $(SOUNDFONT) --out build/guitar
	$(PYTHON) -m training.guitar.export --checkpoint build/guitar/checkpoint.pt --out src/genesis_music/transcription/models/guitar.onnx

example: ## Render the example recording anew (LIBRARIES=folder of the samples, see training/guitar/README.md)
	$(PYTHON) -m examples.render --libraries $(LIBRARIES)

wheel: setup web ## Build the package with the page in it (dist/)
	rm -rf src/genesis_music/web && cp -r web/build src/genesis_music/web && rm -f src/genesis_music/web/.built-from
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir dist . ; rm -rf src/genesis_music/web

lock: ## Resolve the dependencies anew and write the lock files (needs uv)
	scripts/lock.sh

clean: ## Remove the virtual environment, caches and outputs
	rm -rf .venv .venv-deploy deploy/tools/node_modules out build dist web/build web/.svelte-kit web/node_modules .mypy_cache .ruff_cache .pytest_cache tests/*/*/node_modules
