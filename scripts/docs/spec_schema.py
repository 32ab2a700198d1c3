"""Writes ``docs/spec.schema.json``, the format of a Visual Spec's ``spec.json``.

python -m gapsphere.scripts.docs.spec_schema           # write
python -m gapsphere.scripts.docs.spec_schema --check   # fail where the file is out of date
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...plugin.interchange.files.checked import json_text
from ...plugin.report.spec.format import SCHEMA, schema

FILE = Path(__file__).resolve().parents[2] / "docs" / SCHEMA


def main() -> int:
    """Write the schema, or compare it with the committed one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    check = parser.parse_args().check
    text = json_text(schema()) + "\n"
    if not check:
        FILE.write_text(text, encoding="utf-8")
    elif FILE.read_text(encoding="utf-8") != text:
        print(f"{FILE.name} is out of date: run python -m gapsphere.scripts.docs.spec_schema")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
