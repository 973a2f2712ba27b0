# Each target makes .venv and installs what it needs on first use; after that it starts at once.
#   make lab · make test · make finetune · make bench · make exercises · make map · make grade SUBMISSIONS=folder
# (another Python: make PYTHON=/path/to/python3.11 lab)
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
READY := .venv/.ready
# JupyterLab opens the map of the course, and shows Markdown as a page: .jupyter/overrides.json
MAP_FIRST := --LabApp.app_settings_dir=.jupyter --LabApp.default_url=/lab/tree/chapters/README.md

.PHONY: lab test finetune bench exercises map grade asked town-mini
.DELETE_ON_ERROR:

lab: $(READY)
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(MAP_FIRST) $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n auto $(ARGS)

finetune: $(READY)
	$(BIN)/python -m minisft finetune --task town/polarity --batch-size 8 $(ARGS)

bench: $(READY)
	$(BIN)/python tests/benchmarks/bench.py $(ARGS)

# What students get, from solutions/.
exercises: $(READY)
	$(BIN)/python -m minisft exercises $(ARGS)

# The map of the course, chapters/README.md, from notebooks, exercises and tests.
map: $(READY)
	$(BIN)/python -m minisft map $(ARGS)

# SUBMISSIONS/STUDENT/CHAPTER/NOTEBOOK.ipynb in; marks and pages out, beside that folder.
grade: asked $(READY)
	$(BIN)/python -m minisft grade "$(SUBMISSIONS)" --out "$(SUBMISSIONS:/=)-graded" $(ARGS)

# Before minutes go into .venv.
asked:
	@[ -n "$(SUBMISSIONS)" ] || { echo "which submissions? make grade SUBMISSIONS=/path/to/folder"; exit 1; }

# Pretrains the models that come with the package and writes them there.
town-mini: $(READY)
	$(BIN)/python -m minisft pretrain --recipe town-mini --keep-every 100 $(ARGS)
	$(BIN)/python -m minisft pretrain --recipe town-mini-plm --keep-every 100 $(ARGS)

$(READY): requirements.txt constraints.txt pyproject.toml
	@[ -w . ] || { echo "you may not write in $(CURDIR): copy it to your home, and run make there"; exit 1; }
	@[ ! -e .venv ] || [ -w .venv ] || { echo "you may not write in .venv, and requirements.txt is newer:" \
		"copy the course with its times (cp -p), or delete .venv to get one of your own"; exit 1; }
	@[ -n "$(PYTHON)" ] || { echo "minisft needs Python 3.11 or newer: install it, then make PYTHON=/path/to/it ..."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "$(PYTHON) is no Python 3.11 or newer: install one, then make PYTHON=/path/to/it ..."; exit 1; }
	@echo "setting up .venv: once, a few minutes"
	@"$(PYTHON)" -m venv .venv > /dev/null || \
		{ echo "$(PYTHON) cannot make a virtual environment: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install -q -r requirements.txt > .venv/install.log 2>&1 || \
		{ grep ERROR .venv/install.log | tail -n 1; \
		echo "could not install: check the network, then run make again (all of it: .venv/install.log)"; exit 1; }
	@touch $@
