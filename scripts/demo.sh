#!/bin/sh
# From nothing to the App: installs, renders the demo drive, finds its gaps, opens the App.
#   sh scripts/demo.sh [--no-app] [--port 5151]
set -eu
cd "$(dirname "$0")/.."
started=$(date +%s)
sh scripts/setup.sh offline
installed=$(date +%s)
echo "Set-up: $((installed - started)) s"
exec .venv/bin/gapsphere demo "$@"
