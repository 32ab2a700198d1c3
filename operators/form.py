"""A parameter class becomes a form, and a filled form becomes the parameter class again.

Both directions read the same pydantic fields, so what a form shows is what the step gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset.store.database import counted
from ..plugin.dataset.store.door import ALL_SLICES, admitted
from ..plugin.dataset.store.fiftyone_internals import is_whole
from ..plugin.dataset.store.samples import flat, image_slices
from ..plugin.dataset.store.sets import resolve
from ..plugin.errors import InputError
from ..plugin.settings.fields import Params, ParamsT, Setting, make, settings_of
from ..plugin.settings.steps import SetParams

NOTICE = "what_it_does"  # no parameter may have this name: it would take the notice's place
MORE = "more_settings"
TARGET = "target"
SLICES = "slices"
SELECTED, VIEW, DATASET, OTHER = "SELECTED_SAMPLES", "CURRENT_VIEW", "DATASET", "OTHER"


def form(
    ctx: foo.ExecutionContext,
    params: type[Params],
    *,
    label: str,
    help: str,
    without: Sequence[str] = (),
) -> types.Object:
    """Inputs for ``params``: the main settings, and the others behind one switch.

    An invalid value is marked at once, with the sentence of its error.  ``without`` names settings
    that only Python and the command line have.
    """
    inputs = types.Object()
    inputs.view(NOTICE, types.Notice(label=label, description=help))
    without = [*without, SLICES]
    settings = [setting for setting in settings_of(params) if setting.name not in without]
    for setting in settings:
        if not setting.advanced:
            _add(inputs, setting)
    hidden = [setting for setting in settings if setting.advanced]
    if hidden:
        inputs.bool(
            MORE,
            label="More settings",
            description="Using defaults for: " + ", ".join(setting.label for setting in hidden),
            default=False,
            view=types.SwitchView(),
        )
        if ctx.params.get(MORE):
            for setting in hidden:
                _add(inputs, setting)
    if SLICES in params.model_fields:
        _ask_slices(ctx, inputs)
    try:
        read(ctx, params)
    except InputError as error:
        mark(inputs, error)
    return inputs


def _ask_slices(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Which slices of a grouped dataset to work on; nothing to ask where there is one of images."""
    dataset = ctx.dataset
    names = image_slices(dataset) if dataset.media_type == "group" else []
    if len(names) < 2:
        return
    choices = types.Dropdown()
    choices.add_choice(ALL_SLICES, label=f"All {len(names)} slices of images")
    for name in names:
        choices.add_choice(name, label=name)
    inputs.enum(
        SLICES,
        choices.values(),
        view=choices,
        label="Group slices",
        description="Cameras of the groups to work on",
        default=ALL_SLICES,
    )
    to_top(inputs, SLICES)


def scope(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    params: type[SetParams],
    *,
    rewrites: bool,
) -> None:
    """Say which images of S and U are worked on, and offer to stay inside the current view.

    ``rewrites``: the step replaces its earlier results, also those outside the view.
    """
    choices = {DATASET: ("The whole dataset", ctx.dataset)}
    if ctx.view is not None and not is_whole(ctx.view):
        choices[VIEW] = ("The current view", ctx.view)
    chosen = ctx.params.get(TARGET)
    radio = types.RadioGroup()
    for name, (text, samples) in choices.items():
        try:
            found = _counts(ctx, samples, params)
        except InputError as error:
            found = str(error)
            if name == (chosen if chosen in choices else DATASET):
                mark(inputs, error)
        radio.add_choice(name, label=f"{text}: {found}")
    description = "Samples outside the view lose the results of earlier runs"
    inputs.enum(
        TARGET,
        radio.values(),
        view=radio,
        label="Work on",
        description=description if VIEW in choices and rewrites else None,
        default=DATASET,
    )
    to_top(inputs, TARGET)


def _counts(
    ctx: foo.ExecutionContext, samples: fo.Dataset | fo.DatasetView, params: type[SetParams]
) -> str:
    """How many images of S and of U there are, in words."""
    given = read(ctx, params)
    images = admitted(samples, given.slices or ALL_SLICES)
    counts = [counted(resolve(images, word)) for word in (given.owned, given.pool)]
    return f"{counts[0]:,} of S, {counts[1]:,} of U"


def mark(inputs: types.Object, error: Exception) -> None:
    """Say what is wrong; the form cannot be executed like that."""
    warning = inputs.view("mistake", types.Error(label="Invalid value", description=str(error)))
    warning.invalid, warning.error_message = True, str(error)


def read(ctx: foo.ExecutionContext, params: type[ParamsT]) -> ParamsT:
    """The parameters that a filled form, or a Python call, gives; an empty field is the default."""
    given = {
        name: value
        for name, value in ctx.params.items()
        if name in params.model_fields and value is not None and value != ""
    }
    return make(params, given)


def to_top(inputs: types.Object, name: str) -> None:
    """Put an input that was added last right below the notice: the first question of the form."""
    moved = inputs.properties.pop(name)
    rest = [(key, inputs.properties.pop(key)) for key in list(inputs.properties) if key != NOTICE]
    inputs.properties.update([(name, moved), *rest])


def ask(inputs: types.Object, params: type[Params], name: str, proposed: Any) -> None:
    """Ask for a setting that is usually folded away, with a value proposed."""
    setting = next(each for each in settings_of(params) if each.name == name)
    inputs.properties.pop(name, None)
    _add(inputs, replace(setting, default=proposed))


def choose(inputs: types.Object, params: type[Params], name: str, values: Sequence[str]) -> None:
    """Make a text setting a choice of ``values``, its default among them, at the same place."""
    if name not in inputs.properties:
        return  # folded away
    setting = next(each for each in settings_of(params) if each.name == name)
    choices = dict.fromkeys([setting.default, *values])
    order = list(inputs.properties)
    _add(inputs, replace(setting, choices=tuple(choices)))
    for key in order[order.index(name) + 1 :]:
        inputs.properties[key] = inputs.properties.pop(key)


def suggest(inputs: types.Object, params: type[Params], name: str, values: Sequence[str]) -> None:
    """Offer ``values`` for a text setting, which may still be any text, at the same place."""
    if name not in inputs.properties or not values:
        return  # folded away, or nothing to offer
    view = types.AutocompleteView(allow_user_input=True, allow_duplicates=False)
    for value in values:
        view.add_choice(value, label=value)
    setting = next(each for each in settings_of(params) if each.name == name)
    order = list(inputs.properties)
    inputs.str(name, view=view, **_common(setting))
    for key in order[order.index(name) + 1 :]:
        inputs.properties[key] = inputs.properties.pop(key)


def target(
    ctx: foo.ExecutionContext, inputs: types.Object, label: str, choices: Mapping[str, str]
) -> None:
    """Ask first which samples are meant: the selected ones, if any, or one of ``choices``."""
    radio = types.RadioGroup()
    if ctx.selected:
        radio.add_choice(SELECTED, label=f"{len(ctx.selected)} selected samples")
    for name, text in choices.items():
        radio.add_choice(name, label=text)
    default = SELECTED if ctx.selected else next(iter(choices))
    inputs.enum(TARGET, radio.values(), view=radio, label=label, default=default)
    to_top(inputs, TARGET)


def targeted(
    ctx: foo.ExecutionContext, default: str, *, selected_first: bool = True
) -> tuple[str, fo.Dataset | fo.DatasetView]:
    """The choice of :func:`target` and its samples; the dataset where it names no others."""
    name = ctx.params.get(TARGET) or (SELECTED if selected_first else default)
    if name == SELECTED and not ctx.selected:
        name = default
    if name == SELECTED:
        return name, flat(ctx.dataset).select(ctx.selected)
    return name, ctx.view if name == VIEW and ctx.view is not None else ctx.dataset


def _add(inputs: types.Object, setting: Setting) -> None:
    limits = {"min": setting.least, "max": setting.most}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    common = _common(setting)
    if setting.choices:
        choices = types.Dropdown()
        for value in setting.choices:
            choices.add_choice(value, label=str(value))
        inputs.enum(setting.name, choices.values(), view=choices, **common)
    elif setting.kind is bool:
        inputs.bool(setting.name, view=types.SwitchView(), **common)
    elif setting.kind in (int, float):
        add = inputs.int if setting.kind is int else inputs.float
        add(setting.name, **limits, **common)
    else:
        inputs.str(setting.name, **common)


def _common(setting: Setting) -> dict[str, Any]:
    return {
        "label": setting.label,
        "description": setting.text,
        "required": False,
        "default": setting.written,
    }
