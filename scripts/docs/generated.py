"""Writes the files that are made from the code.

python -m gapsphere.scripts.docs.generated           # write
python -m gapsphere.scripts.docs.generated --check   # fail where one is out of date

They are ``__init__.pyi``, ``docs/architecture.svg`` and ``docs/spec.schema.json``, the format of a
Visual Spec's ``spec.json``.  The contracts of the panels are written by ``npm run build``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...plugin.interchange.files.checked import json_text
from ...plugin.report.spec.format import SCHEMA, schema
from .architecture import picture
from .stub import stub

ROOT = Path(__file__).resolve().parents[2]


def generated() -> dict[Path, str]:
    """Each file and its text; raises :class:`graphlib.CycleError` where rooms import each other."""
    return {
        ROOT / "__init__.pyi": stub(ROOT / "__init__.py"),
        ROOT / "docs" / "architecture.svg": picture(),
        ROOT / "docs" / SCHEMA: json_text(schema()) + "\n",
    }


def main() -> int:
    """Write the files, or compare them with the committed ones."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only name what is out of date")
    check = parser.parse_args().check
    stale = [
        (path, text)
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path, text in stale:
        if check:
            print(f"{path.name} is out of date: python -m {__spec__.name}", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(path)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
