"""A parameter class becomes a form, and a filled form becomes the parameter class again.

Both directions read the same pydantic fields, so what a form shows is what the step gets.  A form
starts from the settings of the last run; it asks who is owned and who is a candidate first, and
alone, where the dataset does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.coverage.words import counted
from ..plugin.dataset.store.database import is_empty
from ..plugin.dataset.store.fiftyone_internals import is_generated
from ..plugin.dataset.store.names import SEQUENCE
from ..plugin.dataset.store.samples import flat
from ..plugin.dataset.store.sets.choices import offers
from ..plugin.dataset.store.sets.door import ALL_SLICES, admitted
from ..plugin.dataset.store.sets.drives import group_path, naming_path
from ..plugin.errors import InputError
from ..plugin.settings import fields
from ..plugin.settings.fields import Params, ParamsT, Setting, make, settings_of
from ..plugin.settings.headings import headed
from ..plugin.settings.steps import SetParams
from . import reading, sets
from .last_run import LastRun
from .sets import VIEW
from .widgets import NOTICE, add, mark, suggest, to_top

MORE = "more_settings"
TARGET = "target"
SLICES, DRIVES = "slices", "sequence_field"
MANY = 15
"""So many are named one by one while they are folded away."""
SELECTED, DATASET, OTHER = "SELECTED_SAMPLES", "DATASET", "OTHER"


def form(
    ctx: foo.ExecutionContext,
    params: type[Params],
    *,
    label: str,
    help: str,
    without: Sequence[str] = (),
    last: LastRun | None = None,
) -> types.Object:
    """Inputs for ``params``: the main settings, and the others behind one switch.

    Settings that the ``last`` run had and that are not the defaults are in sight.  ``without``
    names settings that only Python and the command line have.
    """
    inputs, last = types.Object(), last or LastRun()
    said = last.said(ctx.dataset, params) if last.when else ""
    texts = "\n\n".join(text for text in (help, said) if text)
    inputs.view(NOTICE, types.Notice(), label=label, description=texts)
    started, changed = defaults(ctx, params, last), last.differing(params)
    settings = [each for each in settings_of(params) if each.name not in (*without, SLICES)]
    # What it is about comes first; what the last run had otherwise than usual, last.
    settings.sort(key=lambda setting: (setting.advanced, not setting.members))
    for setting in settings:
        if setting.name in changed:
            add(ctx, inputs, _as_it_was(setting), started[setting.name])
        elif not setting.advanced:
            add(ctx, inputs, setting, started[setting.name])
    hidden = [each for each in settings if each.advanced and each.name not in changed]
    if hidden:
        inputs.bool(
            MORE,
            label="More settings",
            description="Using defaults for: " + _summary(hidden),
            default=False,
            view=types.SwitchView(),
        )
        if ctx.params.get(MORE):
            _add_hidden(ctx, inputs, hidden)
    if SLICES in params.model_fields:
        _ask_slices(ctx, inputs, started[SLICES])
    return inputs


def _as_it_was(setting: Setting) -> Setting:
    """The setting, which says that it is the last run's."""
    written = setting.written
    default = "empty" if written in (None, "") else written
    return replace(setting, text=f"{setting.text} · as in the last run; default: {default}")


def _add_hidden(
    ctx: foo.ExecutionContext, inputs: types.Object, settings: Sequence[Setting]
) -> None:
    """The settings that were folded away, under headings where they are of several kinds."""
    for name, group in headed(settings).items():
        if name:
            inputs.view(f"heading {name}", types.Header(divider=True), label=name)
        for setting in group:
            add(ctx, inputs, setting, setting.default)


def _summary(settings: Sequence[Setting]) -> str:
    """What is folded away: each by its label; where they are many, their headings."""
    if len(settings) <= MANY:
        return ", ".join(setting.label for setting in settings)
    kinds = ", ".join(name[:1].lower() + name[1:] for name in headed(settings))
    return f"{len(settings)} settings ({kinds})"


def defaults(ctx: foo.ExecutionContext, params: type[Params], last: LastRun) -> dict[str, Any]:
    """What a form starts from: no set of samples where its tag is on no sample."""
    found = {each.name: each.default for each in settings_of(params)} | dict(last.settings)
    if issubclass(params, SetParams):
        tags = {offer.word for offer in offers(ctx.dataset).sets}
        for name in sets.OTHER:
            if name not in last.settings and found[name] not in tags:
                found[name] = None
    return found


def values(
    ctx: foo.ExecutionContext, params: type[Params], last: LastRun | None = None
) -> dict[str, Any]:
    """What a form shows: what was filled in, else what it starts from."""
    found = defaults(ctx, params, last or LastRun())
    plain = {each.name: each.default for each in settings_of(params)}
    for name, value in _given(ctx, params).items():
        emptied = value is None or value == ""
        found[name] = (None if name in sets.OTHER else plain[name]) if emptied else value
    return found


def _given(ctx: foo.ExecutionContext, params: type[Params]) -> dict[str, Any]:
    """The settings among the App's parameters; a chosen file is its path."""
    given = {name: value for name, value in ctx.params.items() if name in params.model_fields}
    for name, value in given.items():
        if isinstance(value, Mapping) and name in reading.PATHS:
            given[name] = value.get("absolute_path")
    return given


def only_sets(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    params: type[Params],
    last: LastRun,
    without: Sequence[str] = (),
) -> bool:
    """Whether nothing else can be asked yet; the other inputs are then taken away.

    That is where the dataset has no image, or nobody has said who is owned and who is a candidate.
    """
    found = values(ctx, params, last)
    try:
        if is_empty(ctx.dataset):
            raise InputError(
                "This dataset has no images yet: run Load images first, with the images you own "
                "and the candidates."
            )
        images = admitted(ctx.dataset, found.get(SLICES) or ALL_SLICES)
    except InputError as error:
        _keep(inputs, ())
        wrong = _wrong_paths(ctx, params, found, without)
        mark(inputs, next(iter(wrong.values()), str(error)))
        return True
    if not issubclass(params, SetParams):
        return False
    wrong = sets.mistakes(ctx, images, found["owned"], found["pool"])
    started = defaults(ctx, params, last)
    if not wrong or all(started[name] for name in sets.OTHER):
        return False
    _keep(inputs, [*sets.OTHER, SLICES])
    notice = inputs.properties[NOTICE].view
    notice.description = (
        "Gapsphere compares two sets of images of this dataset: those you own, and candidates "
        "that you could add. Say which they are; the settings come next."
    )
    _mark(inputs, wrong)
    return True


def _keep(inputs: types.Object, names: Sequence[str]) -> None:
    for name in [*inputs.properties]:
        if name not in (NOTICE, *names):
            del inputs.properties[name]


def _ask_slices(ctx: foo.ExecutionContext, inputs: types.Object, start: str | None) -> None:
    """Which slices of a grouped dataset to work on; nothing to ask where there is one of images."""
    slices = {} if ctx.dataset is None else offers(ctx.dataset).slices
    if len(slices) < 2:
        return
    choices = types.Dropdown()
    total = sum(slices.values())
    choices.add_choice(ALL_SLICES, label=f"All {len(slices)} slices of images · {total:,}")
    for name, count in slices.items():
        choices.add_choice(name, label=f"{name} · {count:,}")
    if start and start not in choices.values():
        choices.add_choice(start, label=start)
    inputs.enum(
        SLICES,
        choices.values(),
        view=choices,
        label="Group slices",
        description="Cameras of the groups to work on",
        default=start or ALL_SLICES,
    )
    to_top(inputs, SLICES)


def scope(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    params: type[SetParams],
    last: LastRun,
    *,
    rewrites: bool,
) -> None:
    """Say which images are worked on, and offer to stay inside the current view.

    ``rewrites``: the step replaces its earlier results, also those outside the view.
    """
    choices = {DATASET: ("The whole dataset", ctx.dataset)}
    if sets.has_view(ctx):
        choices[VIEW] = ("The current view", ctx.view)
    chosen = ctx.params.get(TARGET)
    found, radio = values(ctx, params, last), types.RadioGroup()
    for name, (text, samples) in choices.items():
        try:
            images = admitted(samples, found.get(SLICES) or ALL_SLICES)
            mine, theirs = sets.counts(ctx, images, found["owned"], found["pool"])
            said = f"{mine:,} owned, {theirs:,} candidates"
        except InputError as error:
            said = str(error)
            if name == (chosen if chosen in choices else DATASET):
                mark(inputs, error)
        radio.add_choice(name, label=f"{text}: {said}")
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


def mark_mistakes(
    ctx: foo.ExecutionContext,
    inputs: types.Object,
    params: type[Params],
    last: LastRun | None = None,
    more: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
) -> None:
    """Mark every wrong value at its input, with what is wrong; ``more`` are others by setting."""
    found = values(ctx, params, last)
    told = {name: value for name, value in found.items() if value is not None}
    paths = _wrong_paths(ctx, params, found, without)
    wrong = {**paths, **(more or {}), **fields.mistakes(params, told)}
    if issubclass(params, SetParams) and not wrong.keys() & {SLICES}:
        try:
            images = admitted(ctx.dataset, found.get(SLICES) or ALL_SLICES)
            wrong |= sets.mistakes(ctx, images, found["owned"], found["pool"])
        except InputError as error:
            wrong[SLICES] = str(error)
    _mark(inputs, wrong)


def _wrong_paths(
    ctx: foo.ExecutionContext,
    params: type[Params],
    found: Mapping[str, Any],
    without: Sequence[str],
) -> dict[str, str]:
    """Of those that were given: a default is a path of the command line."""
    given = {name: path for name, path in _given(ctx, params).items() if name not in without}
    return reading.mistakes({"encoder": found.get("encoder"), **given})


def _mark(inputs: types.Object, wrong: Mapping[str, str]) -> None:
    for name, text in wrong.items():
        asked = inputs.properties.get(name)
        if asked is None:
            mark(inputs, text)
        else:
            asked.invalid, asked.error_message = True, text


def read(ctx: foo.ExecutionContext, params: type[ParamsT]) -> ParamsT:
    """The parameters that a filled form, or a Python call, gives; an empty field is the default."""
    given = _given(ctx, params)
    given = {name: value for name, value in given.items() if value is not None and value != ""}
    return make(params, sets.written(ctx, given))


def shown(ctx: foo.ExecutionContext, params: type[ParamsT], last: LastRun) -> ParamsT:
    """The parameters that a form shows, before it is executed: nothing is kept for them.

    Raises
    ------
    InputError
        A value is wrong, or is the current view, which only executing turns into samples.
    """
    found = {name: value for name, value in values(ctx, params, last).items() if value is not None}
    if sets.VIEW in found.values():
        raise InputError("The current view is read when the form is executed.")
    return make(params, sets.words(found))


def suggest_drives(ctx: foo.ExecutionContext, inputs: types.Object) -> None:
    """Offer the fields that can name drives, with how many they name."""
    found = {}
    for offer in offers(ctx.dataset).drives:
        count = "" if offer.count is None else f" · {counted(offer.count)}"
        found[offer.word] = f"{offer.label}{count}"
    suggest(inputs, DRIVES, found)
    asked = inputs.properties.get(DRIVES)
    if asked is not None and asked.default == SEQUENCE and SEQUENCE not in found:
        asked.default = None
        empty = _without_sequence(ctx.dataset)
        asked.view.description += f"; empty: {empty}, as there is no {SEQUENCE!r}"


def _without_sequence(dataset: fo.Dataset) -> str:
    """What tells drives apart where no field was chosen."""
    path = naming_path(dataset, "")
    if path is None:
        return "each image counts as a drive"
    by_group = path == group_path(dataset)
    return "each group counts as a drive" if by_group else f"{path!r} names drives"


def target(
    ctx: foo.ExecutionContext, inputs: types.Object, label: str, choices: Mapping[str, str]
) -> None:
    """Ask first which samples are meant: the selected ones, if any, or one of ``choices``."""
    radio = types.RadioGroup()
    if ctx.selected:
        radio.add_choice(SELECTED, label=counted(len(ctx.selected), "selected sample"))
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
        parts = ctx.view is not None and is_generated(ctx.view)
        return name, (ctx.view if parts else flat(ctx.dataset)).select(ctx.selected)
    return name, ctx.view if name == VIEW and ctx.view is not None else ctx.dataset
