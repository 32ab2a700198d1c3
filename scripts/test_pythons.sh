#!/bin/sh
# Runs the tests but browsers, kills and slow ones under Python 3.10 and 3.12 where such interpreters
# are at hand, each in a virtual environment of its own below .cache/; says so where one is not.
#   sh scripts/test_pythons.sh [arguments of pytest]
set -eu
cd "$(dirname "$0")/.."
failed=
[ $# -gt 0 ] || set -- tests  # those on datasets too
for version in 3.10 3.12; do
    python=$(command -v "python$version" || true)
    if [ -z "$python" ] && command -v uv >/dev/null 2>&1; then
        python=$(uv python find --no-python-downloads "$version" 2>/dev/null || true)
    fi
    if [ -z "$python" ]; then
        echo "Python $version is not on this machine: its tests are skipped."
        continue
    fi
    echo "Python $version: $python"
    GAPSPHERE_PYTHON="$python" GAPSPHERE_VENV=".cache/python-$version" \
        sh scripts/test.sh --quick "$@" || failed="$failed $version"
done
[ -z "$failed" ] || { echo "Failed under Python$failed." >&2; exit 1; }
