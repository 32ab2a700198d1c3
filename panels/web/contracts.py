"""Writes each panel's ``contract.py`` as TypeScript, so that a contract is declared once.

Run by ``npm run contracts``, which the build starts with.  Of a module it takes constants, literal
and union types, typed dictionaries with their docstrings, and ``EVENTS``.  A contract may have
parts, ``contract_*.py`` beside it, each a file of its own; the contract passes their names on.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
import types
import typing
from graphlib import TopologicalSorter
from pathlib import Path

from typing_extensions import NotRequired, get_type_hints, is_typeddict

PANELS = Path(__file__).resolve().parents[1]
SHARED = {
    "verdict_types": PANELS / "web" / "shared" / "rationales" / "verdicts.gen.ts",
    "work_types": PANELS / "web" / "shared" / "work" / "work.gen.ts",
}
Known = dict[str, tuple[object, str]]
"""Names declared elsewhere: what they are, and where their TypeScript is."""
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
HEADER = "// Generated from panels/{}.py by `npm run contracts`: edit that file instead.\n"


class Writer:
    """The TypeScript of one module; names that ``known`` holds are imported, not declared again."""

    def __init__(self, module: types.ModuleType, known: Known) -> None:
        self.module, self.known = module, known
        self.imports: dict[str, set[str]] = {}
        self.names = [
            (name, value)
            for name, value in vars(module).items()
            if name[0].isupper() and (is_typeddict(value) or typing.get_origin(value) is not None)
        ]
        self.docs = _docs(module)

    def known_at(self, path: str) -> Known:
        """Its names, for a module whose TypeScript imports them from ``path``."""
        return {name: (value, path) for name, value in self.names}

    def text(self, source: str, passed_on: typing.Iterable[str] = ()) -> str:
        body = [*self.constants(), *(self.declared(*one) for one in self.names), *self.events()]
        imports = [
            f'import type {{ {", ".join(sorted(names))} }} from "{path}";'
            for path, names in sorted(self.imports.items())
        ]
        exports = [f'export * from "{path}";' for path in passed_on]
        parts = [HEADER.format(source), "\n".join([*imports, *exports]), *body]
        return "\n".join(part for part in parts if part)

    def constants(self) -> typing.Iterator[str]:
        for name, value in vars(self.module).items():
            if name.isupper() and isinstance(value, int | str | tuple):
                fixed = " as const" if isinstance(value, tuple) else ""
                yield f"{self.doc(name)}export const {name} = {_json(value)}{fixed};\n"

    def declared(self, name: str, value: typing.Any) -> str:
        if self.known.get(name, (None, ""))[0] == value:
            return ""
        if not is_typeddict(value):
            return f"{self.doc(name)}export type {name} = {self.type(value, own=name)};\n"
        bases = [
            base.__name__ for base in getattr(value, "__orig_bases__", ()) if is_typeddict(base)
        ]
        for base in bases:
            self.imported(base, getattr(self.module, base))
        inherited = {key for base in bases for key in get_type_hints(getattr(self.module, base))}
        hints = get_type_hints(value, include_extras=True)
        total = "" if value.__total__ else "?"
        lines = [
            f"{self.doc(f'{name}.{key}', '  ')}  {key}{_maybe(hint) or total}: {self.type(hint)};"
            for key, hint in hints.items()
            if key not in inherited
        ]
        extends = f" extends {', '.join(bases)}" if bases else ""
        inside = "\n" + "\n".join(lines) + "\n"
        return f"{self.doc(name)}export interface {name}{extends} {{{inside}}}\n"

    def events(self) -> typing.Iterator[str]:
        events = getattr(self.module, "EVENTS", None)
        if events is None:
            return
        rows = [f"  {name}: [{', '.join(map(self.type, pair))}];" for name, pair in events.items()]
        yield "export interface Events {\n" + "\n".join(rows) + "\n}\n"
        yield "export type EventName = keyof Events;\n"
        yield f"export const EVENT_NAMES: readonly EventName[] = {_json(list(events))};\n"
        for name, hint in get_type_hints(self.module).items():
            value = getattr(self.module, name)
            if isinstance(value, dict):
                yield f"export const {name}: {self.type(hint)} = {_json(value)};\n"

    def imported(self, name: str, value: object) -> None:
        """Note that a name is used, where another file declares it."""
        known, path = self.known.get(name, (None, ""))
        if known == value:
            self.imports.setdefault(path, set()).add(name)

    def type(self, hint: object, own: str = "") -> str:
        """A type by its name where it has one, else spelled out."""
        for name, value in self.names:
            if name != own and value == hint:
                self.imported(name, value)
                return name
        if isinstance(hint, dict):
            fields = [f"{key}{_maybe(one)}: {self.type(one)}" for key, one in hint.items()]
            return f"{{ {'; '.join(fields)} }}" if fields else "Record<string, never>"
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if hint in PLAIN:
            return PLAIN[hint]
        if origin is typing.Literal:
            return " | ".join(_json(value) for value in inner)
        if origin in (typing.Union, types.UnionType):
            return " | ".join(map(self.type, inner))
        if origin is list:
            one = self.type(inner[0])
            return f"({one})[]" if " " in one else f"{one}[]"
        if origin is tuple:
            return f"readonly [{', '.join(map(self.type, inner))}]"
        if origin is dict:
            return f"Record<{', '.join(map(self.type, inner))}>"
        if hasattr(hint, "__metadata__") or hasattr(hint, "__args__"):
            return self.type(inner[0])  # Annotated, NotRequired
        raise TypeError(f"{self.module.__name__}: {hint} has no TypeScript of its own")

    def doc(self, name: str, indent: str = "") -> str:
        text = self.docs.get(name)
        return f"{indent}/** {' '.join(text.split())} */\n" if text else ""


def _maybe(hint: object) -> str:
    return "?" if typing.get_origin(hint) is NotRequired else ""


def _docs(module: types.ModuleType) -> dict[str, str]:
    """Docstrings of classes, of their fields (``Class.field``) and of module names."""
    found: dict[str, str] = {}

    def read(body: list[ast.stmt], prefix: str) -> None:
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.ClassDef):
                found[node.name] = ast.get_docstring(node) or ""
                read(node.body, f"{node.name}.")
            target = getattr(node, "target", None) or (getattr(node, "targets", None) or [None])[0]
            if isinstance(target, ast.Name) and isinstance(after, ast.Expr):
                found[prefix + target.id] = str(getattr(after.value, "value", ""))

    read(ast.parse(inspect.getsource(module)).body, "")
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def generated() -> dict[Path, str]:
    """The text of every generated file."""
    # The package without its __init__, which would import FiftyOne.
    package = types.ModuleType("contracts_of")
    package.__path__ = [str(PANELS)]
    sys.modules[package.__name__] = package

    def writer(name: str, known: Known) -> Writer:
        return Writer(importlib.import_module(f"{package.__name__}.{name}"), known)

    texts: dict[Path, str] = {}
    shared: Known = {}
    for name, target in SHARED.items():
        of_all = writer(name, {})
        texts[target] = of_all.text(name)
        there = target.relative_to(PANELS / "web").with_suffix("")
        shared |= of_all.known_at(f"../../web/{there.as_posix()}")
    for contract in sorted(PANELS.glob("*/contract.py")):
        known, parts = dict(shared), _parts(contract)
        for path in [*parts, contract]:
            one = writer(f"{path.parent.name}.{path.stem}", known)
            passed_on = [f"./{part.stem}.gen" for part in parts if path == contract]
            texts[path.parent / "web" / f"{path.stem}.gen.ts"] = one.text(
                f"{path.parent.name}/{path.stem}", passed_on
            )
            known = {**one.known_at(f"./{path.stem}.gen"), **known}
    return texts


def _parts(contract: Path) -> list[Path]:
    """The parts of a contract, each after those that it imports."""
    paths = {path.stem: path for path in contract.parent.glob("contract_*.py")}
    needs = {
        stem: {
            node.module
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module in paths
        }
        for stem, path in sorted(paths.items())
    }
    return [paths[stem] for stem in TopologicalSorter(needs).static_order()]


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
