"""Settings as keyword arguments: the signature and the docstring of a function that takes them.

A function declares its own arguments and ``params``; the settings of the parameter class become
keyword arguments with their types and defaults, and a numpydoc section describes them all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature
from textwrap import fill, indent
from typing import Any

from .fields import Params, Setting, settings_of

NAMEABLE = ("samples", "dataset")
"""Arguments that a dataset's name may take the place of."""
MEMBERS = "in Python also a view, an expression, {field: value}, ids, or the dataset for the rest"


class Source(str):
    """A type as it is written; ``help`` shows it without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def signature_of(
    function: Callable[..., Any],
    params: type[Params],
    *,
    positional: Sequence[str] = (),
    hidden: Sequence[str] = (),
    keywords: Mapping[str, tuple[str, Any]] | None = None,
) -> Signature:
    """The signature that callers see; ``params`` and ``report`` are not theirs to give.

    Parameters
    ----------
    positional : sequence of str
        Settings that may be given by position.
    hidden : sequence of str
        Settings that an argument of another name replaces.
    keywords : mapping, optional
        Type and default of further keyword arguments.
    """
    declared = inspect.signature(function)
    own = [
        part.replace(annotation=Source(part.annotation + " | str" * (name in NAMEABLE)))
        for name, part in declared.parameters.items()
        if name not in ("params", "report")
    ]
    own += [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=Source(kind))
        for name, (kind, default) in (keywords or {}).items()
    ]
    own += [
        Parameter(
            each.name,
            Parameter.POSITIONAL_OR_KEYWORD if each.name in positional else Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=Source(each.annotation),
        )
        for each in settings_of(params)
        if each.name not in hidden
    ]
    own.sort(key=lambda part: part.kind)
    return Signature(own, return_annotation=Source(declared.return_annotation))


def docstring_of(
    function: Callable[..., Any],
    signature: Signature,
    params: type[Params],
    words: Mapping[str, str],
) -> str:
    """The function's docstring with all parameters, the result and the errors, before examples.

    ``words`` describes arguments that are not settings.
    """
    text, marker, examples = inspect.cleandoc(function.__doc__ or "").partition("\nExamples\n")
    settings = {each.name: each for each in settings_of(params)}
    lines = [text.rstrip(), "", "Parameters", "----------"]
    for name, part in signature.parameters.items():
        default = "" if part.default is Parameter.empty else f", default {part.default!r}"
        lines.append(f"{name} : {part.annotation}{default}")
        lines.append(_described(_sentence(settings[name]) if name in settings else words[name]))
    result = str(signature.return_annotation)
    lines += ["", "Returns", "-------", result]
    lines += [_described("Prints as a summary.")] if result != "int" else []
    lines += ["", "Raises", "------", "InputError"]
    lines.append(_described("An argument is unknown or invalid, or something it needs is missing."))
    return "\n".join(lines) + f"\n{marker}{examples}"


def _sentence(setting: Setting) -> str:
    """The setting's text with its range, where the text does not give one.

    What a form and a shell leave empty is None in Python.
    """
    text = setting.text if setting.default is not None else setting.text.replace("empty:", "None:")
    limits = f"; {setting.limits}" if setting.limits and "0 to " not in text else ""
    return f"{text}{limits}{f'; {MEMBERS}' * setting.members}."


def _described(text: str) -> str:
    return indent(fill(text, 92, break_long_words=False, break_on_hyphens=False), "    ")
