"""How a setting is declared, and what its declaration says to forms, command lines, docstrings.

A parameter class is a pydantic model whose fields are made by :func:`setting`.  Everything else
reads them as :class:`Setting` through :func:`settings_of`, so that no two readers can disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import annotated_types
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo

from ..errors import InputError

ParamsT = TypeVar("ParamsT", bound="Params")
Precision = Literal["bf16", "fp16", "fp32"]
LARGEST = 2**31 - 1
"""Of a whole number: what seeds of every library, and MongoDB, take."""


class Params(BaseModel):
    """Base of all parameter classes: immutable, and an unknown name is an error.

    Numbers are finite, and whole ones at most :data:`LARGEST` on either side of zero.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False
    )

    @field_validator("*")
    @classmethod
    def _not_too_large(cls, value: Any) -> Any:
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int) and abs(number) > LARGEST:
                raise ValueError(f"Input should be at most {LARGEST:,}")
        return value

    def __init_subclass__(cls, section: str = "", **keywords: Any) -> None:
        """Take the ``section`` of a YAML file that the class's own settings are in."""
        super().__init_subclass__(**keywords)

    @classmethod
    def __pydantic_init_subclass__(cls, section: str = "", **_: Any) -> None:
        for name, field in cls.model_fields.items() if section else ():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra["key"] is None:
                extra["key"] = f"{section}.{name}"


def setting(
    default: Any,
    description: str,
    *,
    title: str | None = None,
    key: str | None = None,
    flag: str | None = None,
    advanced: bool = True,
    members: bool = False,
    **limits: Any,
) -> Any:
    """Declare one setting.

    Parameters
    ----------
    default, description, title
        Value, sentence and label.
    key : str, optional
        Place in a YAML file where it is not ``section.name``, of the class's section.
    flag : str, optional
        Option of the command line where it is not the name with hyphens.
    advanced : bool
        Whether forms hide the setting until more settings are asked for.
    members : bool
        Whether it names samples: a word as text, and whatever becomes one in Python.
    **limits
        ``ge``, ``gt``, ``le``, ``lt``, ``pattern``, ``max_length``, … of pydantic.
    """
    extra: Any = {"key": key, "flag": flag, "advanced": advanced, "members": members}
    return Field(default, title=title, description=description, json_schema_extra=extra, **limits)


def device(
    default: str | None = None, when_empty: str = "a GPU if available", **kwargs: Any
) -> Any:
    """Where a model runs."""
    text = "cpu, cuda, cuda:1, mps" + ("" if default else f"; empty: {when_empty}")
    return setting(default, text, **kwargs)


def batch_size(default: int, most: int = 4096) -> Any:
    """How many images go through a model at once."""
    text = "Images at once; halved automatically when memory runs out"
    return setting(default, text, ge=1, le=most)


def num_workers(text: str = "Threads that decode images", **kwargs: Any) -> Any:
    """How many images are read at once."""
    return setting(4, text, ge=1, le=64, title="Workers", **kwargs)


def precision(when_empty: str, **kwargs: Any) -> Any:
    """The arithmetic of a model."""
    return setting(None, f"Arithmetic of the model; empty: {when_empty}", **kwargs)


def overwrite(text: str, **kwargs: Any) -> Any:
    """Whether results that exist are replaced."""
    return setting(False, text, **kwargs)


def slices() -> Any:
    """Which slices of a grouped dataset are meant."""
    return setting(
        None,
        "Slices of a grouped dataset to work on, separated by commas, or all",
        title="Group slices",
    )


def suffix(text: str, **kwargs: Any) -> Any:
    """What tells several analyses of one dataset apart."""
    return setting("", text, pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$", max_length=40, **kwargs)


def _parts(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().strip("[]()")
    return tuple(part.strip() for part in text.split(",")) if text else None


COMMAS = BeforeValidator(_parts)
"""Annotates a tuple that may be written as text, ``0,0.2,1,1``: forms and shells have no lists."""


def _joined(value: Any) -> Any:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value


LISTED = BeforeValidator(_joined)
"""Annotates text that names several things, with commas between them: a list will do as well."""


@dataclass(frozen=True)
class Setting:
    """One setting as it was declared.

    ``kind`` is the type without ``| None``; ``choices`` are those of a ``Literal``; ``least`` and
    ``most`` are inclusive; ``limits`` are both as words, "" without any.
    """

    name: str
    default: Any
    text: str
    label: str
    key: str | None
    flag: str
    advanced: bool
    kind: Any
    choices: tuple[Any, ...]
    optional: bool
    least: float | None
    most: float | None
    members: bool = False
    limits: str = ""

    @property
    def annotation(self) -> str:
        """The type as Python source."""
        kind = self.kind
        if self.members:
            return "Members | None" if self.optional else "Members"
        text = kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
        return text.replace("typing.", "") + (" | None" if self.optional else "")

    @property
    def written(self) -> Any:
        """The default as a form or a shell writes it."""
        if isinstance(self.default, tuple):
            return ",".join(map(str, self.default))
        return self.default


@cache
def settings_of(params: type[Params]) -> tuple[Setting, ...]:
    """The settings of a class, in the order of their declaration."""
    return tuple(_read(name, field) for name, field in params.model_fields.items())


def keys_of(*classes: type[Params]) -> dict[str, str]:
    """Name of the setting behind each YAML key, ``{"kcenter.num_select": "k", ...}``."""
    return {each.key: each.name for cls in classes for each in settings_of(cls) if each.key}


def make(
    params: type[ParamsT], values: Mapping[str, Any], *, called: Mapping[str, str] | None = None
) -> ParamsT:
    """Validate ``values`` into ``params``.

    Parameters
    ----------
    called : mapping, optional
        What errors call a setting, by its name; a file calls it by its key.

    Raises
    ------
    InputError
        The first mistake, as a sentence.
    """
    try:
        return params(**values)
    except ValidationError as error:
        raise InputError(sentence(error, params, called or {})) from error


def mistakes(params: type[Params], values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with ``values``, by setting; "" is what is wrong with several together."""
    try:
        params(**values)
    except ValidationError as error:
        found: dict[str, str] = {}
        for each in error.errors():
            name = str(each["loc"][0]) if each["loc"] else ""
            text = _wrong(each, params)
            found.setdefault(name, f"{text[:1].upper()}{text[1:]}.")
        return found
    return {}


def _shown(value: Any) -> str:
    """A value as a sentence has it, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:199]}…"


def _wrong(mistake: Mapping[str, Any], params: type[Params]) -> str:
    """What pydantic says of one mistake, or we do: it counts the parts of text one by one."""
    if mistake["type"] in ("missing", "too_long"):
        kinds = {each.name: each.kind for each in settings_of(params)}
        parts = get_args(kinds.get(str(mistake["loc"][0])))
        return f"Input should be {len(parts)} values with commas between them"
    return str(mistake["msg"]).removeprefix("Value error, ")


def sentence(error: ValidationError, params: type[Params], called: Mapping[str, str]) -> str:
    """The first mistake that pydantic found, for a person."""
    first = error.errors()[0]
    text = _wrong(first, params)
    if not first["loc"]:
        return f"{text[:1].upper()}{text[1:]}."
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        return unknown("setting", name, params.model_fields)
    return f"{called.get(name, name)}: {text} (given: {_shown(first['input'])})."


def select(params: type[ParamsT], values: Params) -> ParamsT:
    """Narrow ``values`` to the settings that ``params`` has."""
    return params(**{name: getattr(values, name) for name in params.model_fields})


_LISTED = 40
"""Names that a sentence lists at most."""


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """A sentence on a name that does not exist, with the nearest one that does.

    >>> unknown("setting", "matric", ["k", "metric"])
    "Unknown setting 'matric': did you mean 'metric'?"
    >>> unknown("setting", "sky", ["k", "metric"])
    "Unknown setting 'sky'; the settings are: k, metric."
    """
    known = sorted(known)
    near = get_close_matches(name, known, n=1)
    if near:
        return f"Unknown {what} {name!r}: did you mean {near[0]!r}?"
    sections = sorted({key.partition(".")[0] for key in known})
    if len(known) > _LISTED > len(sections):
        return f"Unknown {what} {name!r}; the sections of {what}s are: {', '.join(sections)}."
    return f"Unknown {what} {name!r}; the {what}s are: {', '.join(known)}."


def _read(name: str, field: FieldInfo) -> Setting:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kind, optional = field.annotation, False
    if get_origin(kind) in (Union, UnionType):
        optional = True
        kind = next(part for part in get_args(kind) if part is not NoneType)
    rules = {type(rule): rule for rule in field.metadata}
    least, most = rules.get(annotated_types.Ge), rules.get(annotated_types.Le)
    return Setting(
        name=name,
        default=field.default,
        text=field.description or "",
        label=field.title or name.replace("_", " ").capitalize(),
        key=str(extra["key"]) if extra.get("key") else None,
        flag=str(extra.get("flag") or f"--{name.replace('_', '-')}"),
        advanced=bool(extra.get("advanced", True)),
        kind=kind,
        choices=get_args(kind) if get_origin(kind) is Literal else (),
        optional=optional,
        least=least.ge if least else None,
        most=most.le if most else None,
        members=bool(extra.get("members")),
        limits=_limits(rules),
    )


_BOUNDS: dict[type, str] = {
    annotated_types.Ge: "at least {:.10g}",
    annotated_types.Gt: "above {:.10g}",
    annotated_types.Le: "at most {:.10g}",
    annotated_types.Lt: "below {:.10g}",
}


def _limits(rules: Mapping[type, Any]) -> str:
    """What a number may be, in words.

    >>> _limits({type(rule): rule for rule in (annotated_types.Gt(0), annotated_types.Le(2))})
    'above 0, at most 2'
    >>> _limits({annotated_types.Ge: annotated_types.Ge(1)})
    'at least 1'
    """
    if annotated_types.Ge in rules and annotated_types.Le in rules:
        least, most = rules[annotated_types.Ge].ge, rules[annotated_types.Le].le
        return f"{least:.10g} to {most:.10g}"
    return ", ".join(
        text.format(getattr(rules[kind], kind.__name__.lower()))
        for kind, text in _BOUNDS.items()
        if kind in rules
    )
