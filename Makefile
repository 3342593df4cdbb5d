# Esteira. Every target that a person runs has its line of help after two number signs.

.DEFAULT_GOAL := help
.PHONY: help setup build test test-brokers test-airflow check format bench bench-peers bench-server simulate \
	simulate-mutants crash fuzz test-api long-day clean e2e-atlasreg e2e-oraculo \
	demo demo-atlasreg demo-atlasreg-reprocess demo-etl demo-ezpocket demo-mitrarr demo-oraculo

SWIFT_BUILD := swift build -c release --static-swift-stdlib --product esteira

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-23s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the system's libraries (as root), or print the line that does
	@scripts/setup.sh

build: setup ## make the release binary .build/release/esteira
	$(SWIFT_BUILD)

demo: demo-atlasreg ## the same as demo-atlasreg

# One demo a blueprint, by name. Each kills its own server in the middle and ends with what came of it.
demo-atlasreg: build ## a day of AtlasReg: regulators' pages to a published file and a signed webhook
	@blueprints/atlasreg/demo.sh

demo-atlasreg-reprocess: build ## the same day again, from what was kept of it
	@blueprints/atlasreg/demo-reprocess.sh

demo-etl: build ## AMPLIS: a site behind a login, its CSV and PDF files, a warehouse
	@blueprints/etl/demo.sh

demo-ezpocket: build ## ezpocket: questions about the data, a plan that a user confirms, a project that remembers
	@blueprints/ezpocket-question/demo.sh

demo-mitrarr: build ## MITRARR: files that arrive, a server that is killed, a purge, a canary
	@blueprints/mitrarr/demo.sh

demo-oraculo: build ## ORÁCULO: an excavator and an executor that answer by messages
	@blueprints/oraculo/demo.sh

e2e-atlasreg: build ## AtlasReg over Redis, Celery, Scrapy, PostgreSQL and S3, each killed at random moments (KILLS=1 SEED=x)
	@scripts/setup.sh tests
	@KILLS=$(or $(KILLS),1) SEED="$(SEED)" DOCUMENTS=$(or $(DOCUMENTS),15) blueprints/atlasreg/e2e.sh

e2e-oraculo: build ## ORÁCULO over RabbitMQ and Redis: a thousand collections, the broker killed in the middle (COLLECTIONS=1000)
	@scripts/setup.sh tests
	@blueprints/oraculo/e2e.sh

test: build ## build and run every test; the last line counts them
	@scripts/setup.sh tests
	@scripts/setup_python.sh
	@scripts/test.sh

test-brokers: build ## only the tests with Redis, RabbitMQ and Celery's workers
	@scripts/setup.sh tests
	@SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=1 scripts/test.sh --filter '^BrokerTests\.'

test-airflow: build ## the tests with real Airflow 2 and 3, which it installs and starts (ONLY=3: that one)
	@ONLY="$(ONLY)" scripts/test_airflow.sh

check: setup ## format, house rules, and warnings as errors
	@scripts/check.sh

format: ## write every Swift file in the one format
	@swift format --in-place --parallel --recursive Package.swift Sources Tests

bench: build ## a table of what the engine costs, with targets and verdicts (ONLY="chain sleep"; JSON=1: as JSON)
	@scripts/bench.sh $(if $(JSON),--json) $(ONLY)

simulate: setup ## simulated worlds with crashes and other faults, on all cores (SEEDS=1000; SEED=x: that one, told)
	@SEEDS=$(or $(SEEDS),1000) SEED="$(SEED)" scripts/simulate.sh

simulate-mutants: setup ## plant the listed bugs and see that the simulation finds each of them
	@scripts/simulate_mutants.sh

crash: build ## every crash point, lost power, failing disks, and random kills (KILLS=2000; ONLY="chain power 137")
	@scripts/setup.sh tests
	@KILLS=$(or $(KILLS),2000) ONLY="$(ONLY)" scripts/crash.sh

# The name that make is given is the shell's clock to a script, so that it passes on another.
fuzz: setup ## every parser under a coverage-guided fuzzer, in turn (SECONDS=60: all together; TARGETS="csv": only)
	@FUZZ_SECONDS=$(or $(SECONDS),60) FUZZ_TARGETS="$(TARGETS)" scripts/fuzz.sh

test-api: build ## schemathesis against a running server: as an admin, and as a viewer (EXAMPLES=200; ONLY=viewer)
	@EXAMPLES=$(or $(EXAMPLES),200) ONLY="$(or $(ONLY),viewer admin)" scripts/test_api.sh

long-day: build ## many people call a server that is killed in between: nothing acknowledged is lost (REQUESTS=100000)
	@REQUESTS=$(or $(REQUESTS),100000) scripts/long_day.sh

bench-peers: build ## celery.task beside a plain Celery script: 1,000 tasks, 50 chains of 20 (BENCH_ROUNDS=3)
	@scripts/setup.sh bench
	@ESTEIRA="$(CURDIR)/.build/release/esteira" bench/peers/celery.sh celery_task.py

bench-server: build ## the list of 100,000 jobs beside FastAPI, and the tail of a log to 50 clients (ONLY="list tail")
	@scripts/bench_server.sh $(ONLY)

clean: ## remove all that was built
	rm -rf .build
