# What one types most. `make help` prints this list from the comments behind the names.
PYTHON ?= .venv/bin/python
MANAGE = $(PYTHON) manage.py

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format ci migrate serve worker beat up down

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## make .venv with everything that development needs
	python3.11 -m venv .venv
	.venv/bin/pip install -r requirements-dev.txt

demo:  ## make a shop with known elasticities, compute, serve it on this machine
	$(MANAGE) demo

test:  ## run the tests; the closing lines say what was left out and why
	$(PYTHON) -m pytest -n 2 --dist loadfile

check:  ## lint, types, layers, Django's checks, migrations, OpenAPI: all of CI but the tests
	PYTHON=$(PYTHON) .ci/run lint types layers django openapi

format:  ## put the code into its usual form
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

ci:  ## what CI runs, in a clean virtual environment (some minutes)
	.ci/run

migrate:  ## bring the database's tables up to date
	$(MANAGE) migrate

serve:  ## serve on http://127.0.0.1:8000 with gunicorn
	$(PYTHON) -m gunicorn elastix.wsgi --bind=127.0.0.1:8000 --worker-class=gthread --threads=8

worker:  ## run a Celery worker (needs REDIS_URL)
	$(PYTHON) -m celery -A elastix worker --loglevel=INFO

beat:  ## run the clock of the scheduled jobs (needs REDIS_URL)
	$(PYTHON) -m celery -A elastix beat --loglevel=INFO --schedule=var/beat-schedule

up:  ## start web, worker, beat, PostgreSQL and Redis with docker compose
	docker compose up --build --wait

down:  ## stop them; the data stay
	docker compose down
