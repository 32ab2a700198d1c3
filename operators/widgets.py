"""The inputs of a form: a setting becomes a widget, is offered as a choice, marked, escaped."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.settings.fields import Params, Setting, settings_of
from . import reading, sets

NOTICE = "what_it_does"  # no parameter may have this name: it would take the notice's place


def mark(inputs: types.Object, error: Exception | str) -> None:
    """Say what is wrong; the form cannot be executed like that."""
    warning = inputs.view("mistake", types.Error(), label="Invalid value", description=str(error))
    warning.invalid, warning.error_message = True, str(error)


def tell(inputs: types.Object, text: str) -> None:
    """Say at the top of the form what a run will do."""
    notice = inputs.properties[NOTICE].view
    notice.description = "\n\n".join([notice.description, *([text] if text else [])])


def escaped(inputs: types.Object) -> types.Object:
    """The form with names as they are: the App reads labels and descriptions as Markdown.

    Code between backticks stays, and an underscore inside a word, which Markdown leaves alone; the
    App shows errors and the labels of choices as plain text.
    """
    for asked in inputs.properties.values():
        view = asked.view
        for name in ("label", "description"):
            text = getattr(view, name, None)
            if isinstance(text, str):
                setattr(view, name, _escaped(text))
    return inputs


def _escaped(text: str) -> str:
    r"""Text for a reader of Markdown.

    >>> _escaped("field:NAME_OF=* and `a_*.npz`")
    'field:NAME_OF=\\* and `a_*.npz`'
    """
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        part if at % 2 else re.sub(r"([\\*\[\]<>~#|]|(?<!\w)_|_(?!\w))", r"\\\1", part)
        for at, part in enumerate(parts)
    )


def to_top(inputs: types.Object, name: str) -> None:
    """Put an input that was added last right below the notice: the first question of the form."""
    moved = inputs.properties.pop(name)
    rest = [(key, inputs.properties.pop(key)) for key in list(inputs.properties) if key != NOTICE]
    inputs.properties.update([(name, moved), *rest])


def before(inputs: types.Object, name: str, had: Collection[str]) -> None:
    """Put what was added since ``had`` before an input and what that had behind it."""
    names = list(inputs.properties)
    behind = names[names.index(name) :] if name in names else []
    for each in sorted(behind, key=had.__contains__):
        inputs.properties[each] = inputs.properties.pop(each)


def by_label(inputs: types.Object, params: type[Params]) -> types.Object:
    """The form with other settings called as they are asked for: a form has no names.

    In its own description a setting's name is that of a field.
    """
    labels = {each.name: each.label for each in settings_of(params)}
    for name, asked in inputs.properties.items():
        text = getattr(asked.view, "description", None)
        for other, label in labels.items():
            if isinstance(text, str) and other != name:
                text = asked.view.description = text.replace(f"`{other}`", f"“{label}”")
    return inputs


def ask(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    params: type[Params],
    name: str,
    proposed: Any,
) -> None:
    """Ask for a setting that is usually folded away, with a value proposed."""
    inputs.properties.pop(name, None)
    add(ctx, inputs, _setting(params, name), proposed)


def choose(inputs: types.Object, params: type[Params], name: str, choices: Sequence[str]) -> None:
    """Make a text setting a choice, its default among them, at the same place.

    The last run's value may be no choice any more: the form then starts from the default.
    """
    if name not in inputs.properties:
        return  # folded away
    dropdown, default = types.Dropdown(), _setting(params, name).default
    for value in dict.fromkeys([default, *choices]):
        dropdown.add_choice(value, label=str(value))
    _replace(inputs, name, types.Enum(dropdown.values()), dropdown)
    asked = inputs.properties[name]
    if asked.default not in dropdown.values():
        asked.default = default


def suggest(inputs: types.Object, name: str, choices: Mapping[str, str]) -> None:
    """Offer values, with what a person reads of them, for a text setting, at the same place.

    It may still be any text.
    """
    if name not in inputs.properties or not choices:
        return  # folded away, or nothing to offer
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False)
    for value, label in choices.items():
        view.add_choice(value, label=label)
    _replace(inputs, name, types.String(), view)


def _replace(inputs: types.Object, name: str, kind: Any, view: types.View) -> None:
    before, order = inputs.properties[name], list(inputs.properties)
    inputs.define_property(
        name,
        kind,
        view=view,
        label=before.view.label,
        description=before.view.description,
        default=before.default,
        required=False,
    )
    for key in order[order.index(name) + 1 :]:
        inputs.properties[key] = inputs.properties.pop(key)


def _setting(params: type[Params], name: str) -> Setting:
    return next(each for each in settings_of(params) if each.name == name)


def add(ctx: foo.ExecutionContext, inputs: types.Object, setting: Setting, start: Any) -> None:
    """Ask for a setting by the widget that fits it, which starts from ``start``."""
    limits = {"min": setting.least, "max": setting.most}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    common = _common(setting, start)
    kind = reading.PATHS.get(setting.name)
    if setting.members and ctx.dataset is not None:
        sets.question(ctx, inputs, setting, start)
    elif setting.choices:
        choices = types.Dropdown()
        for value in setting.choices:
            choices.add_choice(value, label=str(value))
        inputs.enum(setting.name, choices.values(), view=choices, **common)
    elif setting.kind is bool:
        inputs.bool(setting.name, view=types.SwitchView(), **common)
    elif setting.kind in (int, float):
        add = inputs.int if setting.kind is int else inputs.float
        add(setting.name, **limits, **common)
    elif kind and not isinstance(ctx.params.get(setting.name), str):  # a program gives text
        browser = types.FileExplorerView(choose_dir=kind == reading.FOLDER)
        common["default"] = {"absolute_path": start} if os.path.isabs(start or "") else None
        inputs.file(setting.name, view=browser, **common)
    else:
        inputs.str(setting.name, **common)


def _common(setting: Setting, start: Any) -> dict[str, Any]:
    return {
        "label": setting.label,
        "description": setting.text,
        "required": False,
        "default": replace(setting, default=start).written,
    }
