#!/bin/sh
# Style, types, which way imports point, and files that are generated.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
# The type checker wants the package under its own name, whatever the checkout is called.
mkdir -p build/typing
ln -sfn "$PWD" build/typing/gapsphere
MYPYPATH=build/typing .venv/bin/mypy --config-file pyproject.toml -p gapsphere
# Which way imports may point is written in pyproject.toml; the picture of it is drawn from the same.
.venv/bin/lint-imports --no-cache
.venv/bin/python -m gapsphere.scripts.docs.generated --check
