# make demo and make test are all a newcomer needs; `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test test-vscode lint check fix image clean nano bench docs sessions man lock
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "atlas needs Python 3.11 or newer; run make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	@echo "installing; llama-cpp-python is compiled here, which takes about five minutes the first time"
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

demo: $(VENV)/installed ## set everything up, then solve the examples with the embedded model
	@.ci/docker
	@$(BIN)/atlas sandbox build
	@$(BIN)/python examples/demo.py
	@[ -z "$(MODEL)" ] || $(BIN)/python examples/demo.py --model "$(MODEL)"

test: $(VENV)/installed ## run all tests
	@.ci/docker || echo "the tests that need Docker will be skipped"
	$(BIN)/python -m pytest --ignore=tests/vscode/scenes

test-vscode: $(VENV)/installed ## the extension in a real VS Code, in a browser
	@tests/vscode/install.sh $(BIN)
	$(BIN)/python -m pytest tests/vscode

lint: $(VENV)/installed ## ruff and mypy, and where npm is there the extension's
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@editors/vscode/lint.sh

check: lint test ## what CI runs

fix: $(VENV)/installed ## format and mend what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

image: $(VENV)/installed ## build the sandbox image
	$(BIN)/atlas sandbox build

nano: $(VENV)/installed ## train the embedded model anew (about two hours on two cores)
	$(BIN)/pip install --quiet torch==2.13.0
	$(BIN)/pip install --quiet --editable '.[train]'
	$(BIN)/python -m pipeline.training.nano all

bench: $(VENV)/installed ## the ladder of conditions on nano-bench
	$(BIN)/atlas bench run nano --out runs/nano --conditions A,B,C,D
	$(BIN)/atlas bench report runs/nano

docs: $(VENV)/installed ## build the documentation site into site/
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "site/index.html"

sessions: $(VENV)/installed ## run the sessions of README and docs and put in what they print
	$(BIN)/python -m docs.sessions
	$(BIN)/python -m tests.messages

man: $(VENV)/installed ## make atlas.1 of the parser
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	$(BIN)/python -m docs.manual > atlas.1

lock: $(VENV)/installed ## the versions that are installed here, for others to develop with
	$(BIN)/pip freeze --quiet --exclude-editable > requirements.lock

clean: ## remove what was built here, and the sandbox's containers
	-$(BIN)/atlas sandbox cleanup
	rm -rf $(VENV) build dist site atlas.1 editors/vscode/node_modules editors/vscode/dist editors/vscode/*.vsix *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
