"""What a docstring refers to by its place, such as ``..errors.InputError``, is there."""

import re
from importlib.util import resolve_name
from pathlib import Path

import gapsphere

ROOT = Path(gapsphere.__file__).parent
ROOMS = ("operators", "panels", "plugin", "scripts", "tests/support")
REFERENCE = re.compile(r":(?:mod|func|class|meth|data|attr):`~?(\.[\w.]+)`")


def leads(path, reference):
    package = ".".join(["gapsphere", *path.parent.relative_to(ROOT).parts])
    parts = resolve_name(reference, package).split(".")[1:]
    for length in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:length])
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            named = [rf"(?m)^\s*(def {name}|class {name}|{name}[:, =])" for name in parts[length:]]
            return all(re.search(name, text) for name in named)
    return False


def test_references_lead_somewhere():
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    lost = [
        f"{path.relative_to(ROOT)}: {reference}"
        for path in paths
        for reference in REFERENCE.findall(path.read_text(encoding="utf-8"))
        if not leads(path, reference)
    ]
    assert lost == []
