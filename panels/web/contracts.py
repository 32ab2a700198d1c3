"""Writes each panel's ``contract.py`` as TypeScript, so that a contract is declared once.

Run by ``npm run contracts``, which the build starts with.  Of a module it takes constants, literal
and union types, typed dictionaries with their docstrings, and ``EVENTS``.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
import types
import typing
from pathlib import Path

from typing_extensions import NotRequired, get_type_hints, is_typeddict

PANELS = Path(__file__).resolve().parents[1]
SHARED = {
    "verdict_types": PANELS / "web" / "shared" / "rationales" / "verdicts.gen.ts",
    "work_types": PANELS / "web" / "shared" / "work" / "work.gen.ts",
}
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
HEADER = "// Generated from panels/{}.py by `npm run contracts`: edit that file instead.\n"


class Writer:
    """The TypeScript of one module; names that ``known`` holds are imported, not declared again."""

    def __init__(self, module: types.ModuleType, known: dict[str, tuple[object, str]]) -> None:
        self.module, self.known = module, known
        self.imports: dict[str, set[str]] = {}
        self.names = [
            (name, value)
            for name, value in vars(module).items()
            if name[0].isupper() and (is_typeddict(value) or typing.get_origin(value) is not None)
        ]
        self.docs = _docs(module)

    def text(self, source: str) -> str:
        body = [*self.constants(), *(self.declared(*one) for one in self.names), *self.events()]
        imports = [
            f'import type {{ {", ".join(sorted(names))} }} from "{path}";'
            for path, names in sorted(self.imports.items())
        ]
        parts = [HEADER.format(source), "\n".join(imports), *body]
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

    def type(self, hint: object, own: str = "") -> str:
        """A type by its name where it has one, else spelled out."""
        for name, value in self.names:
            if name != own and value == hint:
                known, path = self.known.get(name, (None, ""))
                if known == value:
                    self.imports.setdefault(path, set()).add(name)
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
    targets = {**SHARED}
    for path in sorted(PANELS.glob("*/contract.py")):
        targets[f"{path.parent.name}.contract"] = path.parent / "web" / "contract.gen.ts"
    texts: dict[Path, str] = {}
    known: dict[str, tuple[object, str]] = {}
    for name, target in targets.items():
        module = importlib.import_module(f"{package.__name__}.{name}")
        writer = Writer(module, known if name not in SHARED else {})
        texts[target] = writer.text(name.replace(".", "/"))
        if name in SHARED:
            there = target.relative_to(PANELS / "web").with_suffix("")
            source = f"../../web/{there.as_posix()}"
            known |= {key: (value, source) for key, value in writer.names}
    return texts


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
