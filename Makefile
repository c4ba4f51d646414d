# Everyday names. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help run tablet test quick lint types format schema pictures released check demo bench

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## the sandbox server with demo data
	python3 dev.py run

tablet: ## the tablet app in a window, against that server
	python3 dev.py tablet --camera sample

test: ## the whole suite
	python3 dev.py test

quick: ## the rules of prices, bookings and billing, without a server, in seconds
	python3 dev.py test -q -n 2 --hypothesis-profile quick tests/models tests/services/pricing tests/services/booking tests/services/billing

lint: ## lint and import rules
	python3 dev.py exec ruff check .
	python3 dev.py exec lint-imports

types: ## mypy, strict
	python3 dev.py exec mypy server mobile_kivy tests benchmarks dev.py

format: ## formats everything
	python3 dev.py exec ruff format .

graphiql: ## builds GraphiQL from its lock file (needs Node)
	python3 dev.py exec python -m server.office.graphiql.build

schema: ## writes server/schema/schema.graphql
	python3 dev.py exec python -m tests.tools.schema_drift --write

pictures: ## makes the tablet's drawings of cars from the protocol's
	python3 dev.py exec python -m tests.tools.car_pictures --write

released: ## takes the present schema as that of the release
	(echo "# The API of version $$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml). A release copies schema.graphql here: docs/releases.md."; cat server/schema/schema.graphql) > server/schema/released.graphql

check: ## everything that CI checks
	.ci/run

demo: ## the main job from start to end, with a readable story
	python3 dev.py exec ersatzwagen demo

bench: ## the benchmarks, on a generated database
	python3 dev.py exec python -m benchmarks.run
	python3 dev.py exec python -m benchmarks.planning
