#!/bin/sh
# Style, types and the three lists of operators that have to agree.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
# The type checker wants the package under its own name, whatever the checkout is called.
mkdir -p build/typing
ln -sfn "$PWD" build/typing/gapsphere
MYPYPATH=build/typing .venv/bin/mypy --config-file pyproject.toml -p gapsphere
