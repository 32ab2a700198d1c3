#!/bin/sh
# Installs what the tests need and runs every test, side by side on up to four cores.
#   sh scripts/test.sh [--quick] [arguments of pytest]
# --quick, the inner loop, leaves out the browser, what is killed on purpose and what is slow; where
# no test is named also those on datasets (tests/dataset, operators, panels, scripts) and on networks
# (tests/attention, encoders, sparse), but for one that goes from two folders of images to picks.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test

quick=
if [ "${1:-}" = --quick ]; then
    shift
    quick=1
    named=
    for argument in "$@"; do
        case $argument in tests | tests/*) named=1 ;; esac
    done
    if [ -z "$named" ]; then
        set -- "$@" tests/scripts/test_cli.py::test_find_gaps_does_it_in_one
        for room in tests/*; do
            case $room in
            *dataset | *operators | *panels | *scripts) ;;
            *attention | *encoders | *sparse) ;;
            *docs | *e2e | *support | *conftest.py | *_) ;;
            *) set -- "$@" "$room" ;;
            esac
        done
    fi
    set -- -m "not browser and not crash and not slow" "$@"
fi
# The browser tests drive the real App in Debian's Chromium.
if [ -z "$quick" ] && ! command -v chromium >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
    fi
    command -v chromium >/dev/null 2>&1 ||
        echo "!!! NO CHROMIUM: THE BROWSER TESTS DO NOT RUN (apt-get install chromium) !!!" >&2
fi
# Compiled once for every process that the tests start, and for the next run.
unset PYTHONDONTWRITEBYTECODE
# A worker that crashes ends the run: with one in its place pytest-xdist may wait without an end.
exec "${GAPSPHERE_VENV:-.venv}/bin/python" -m pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile \
    --no-loadscope-reorder --max-worker-restart=0 ${CI:+--durations=25} "$@"
