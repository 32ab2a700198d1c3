#!/bin/sh
# Tests the panels' TypeScript and its layers, and checks that the committed bundle and contracts are
# what the sources build.
set -eu
cd "$(dirname "$0")/.."
if ! command -v npm >/dev/null 2>&1; then
    echo "!!! NO NPM: THE PANELS' TYPESCRIPT IS NOT TESTED (apt-get install npm) !!!" >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
fi
(cd panels/web && npm ci --silent --no-audit --no-fund && npm test && npm run build)
git diff --exit-code --stat -- panels/web/dist 'panels/*.gen.ts' || {
    echo "The committed bundle or a contract is not what the sources build: commit the new one." >&2
    exit 1
}
