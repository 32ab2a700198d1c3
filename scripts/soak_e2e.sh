#!/bin/sh
# Runs the browser tests again and again and counts: sh scripts/soak_e2e.sh [TIMES] [TESTS]
# A test that fails now and then is a defect of the panel or of the test, never of the browser.
set -u
times=${1:-10}
tests=${2:-tests/e2e/gap_explorer}
passed=0
failed=0
cd "$(dirname "$0")/.." || exit 2
run=1
while [ "$run" -le "$times" ]; do
    log="build/soak_$run.log"
    mkdir -p build
    nice python -m pytest -q "$tests" >"$log" 2>&1
    code=$?
    echo "run $run: $(tail -n 1 "$log")"
    grep -E '^(FAILED|ERROR)' "$log"
    if [ "$code" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    run=$((run + 1))
done
echo "$passed of $times runs passed, $failed failed"
[ "$failed" -eq 0 ]
