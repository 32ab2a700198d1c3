"""A parameter class becomes a form, and a filled form becomes the parameter class again.

Both directions read the same pydantic fields, so what a form shows is what the step gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import annotated_types
import fiftyone.operators as foo
from fiftyone.operators import types
from pydantic.fields import FieldInfo

from ..plugin.errors import InputError
from ..plugin.settings.fields import Params, make

ParamsT = TypeVar("ParamsT", bound=Params)
NOTICE = "what_it_does"  # no parameter may have this name: it would take the notice's place
MORE = "more_settings"


def form(ctx: foo.ExecutionContext, params: type[Params], *, label: str, help: str) -> types.Object:
    """Inputs for ``params``: the choices that matter, and the rest behind one switch.

    A value that ``params`` would refuse is marked at once, with the sentence it would give.
    """
    inputs = types.Object()
    inputs.view(NOTICE, types.Notice(label=label, description=help))
    fields = params.model_fields
    for name, field in fields.items():
        if not _advanced(field):
            _add(inputs, name, field)
    hidden = [name for name, field in fields.items() if _advanced(field)]
    if hidden:
        inputs.bool(
            MORE,
            label="More settings",
            description="Using defaults for: "
            + ", ".join(_label(name, fields[name]) for name in hidden),
            default=False,
            view=types.SwitchView(),
        )
        if ctx.params.get(MORE):
            for name in hidden:
                _add(inputs, name, fields[name])
    try:
        read(ctx, params)
    except InputError as error:
        warning = inputs.view("mistake", types.Error(label="Invalid value", description=str(error)))
        warning.invalid, warning.error_message = True, str(error)
    return inputs


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


def choose(inputs: types.Object, params: type[Params], name: str, values: Sequence[str]) -> None:
    """Make a text setting a choice of ``values``, its default among them, at the same place."""
    field = params.model_fields[name]
    if name not in inputs.properties:
        return  # folded away
    choices = types.Dropdown()
    for value in dict.fromkeys([field.default, *values]):
        choices.add_choice(value, label=value)
    order = list(inputs.properties)
    inputs.enum(
        name,
        choices.values(),
        view=choices,
        label=_label(name, field),
        description=field.description,
        required=False,
        default=field.default,
    )
    for key in order[order.index(name) + 1 :]:
        inputs.properties[key] = inputs.properties.pop(key)


def _add(inputs: types.Object, name: str, field: FieldInfo) -> None:
    kind, limits = _kind(field.annotation), _limits(field)
    default = field.default
    if isinstance(default, tuple):  # a form has no lists of numbers: 1,5,15
        default = ",".join(map(str, default))
    common = {
        "label": _label(name, field),
        "description": field.description,
        "required": False,
        "default": default,
    }
    if get_origin(kind) is Literal:
        choices = types.Dropdown()
        for value in get_args(kind):
            choices.add_choice(value, label=str(value))
        inputs.enum(name, choices.values(), view=choices, **common)
    elif kind is bool:
        inputs.bool(name, view=types.SwitchView(), **common)
    elif kind is int:
        inputs.int(name, **limits, **common)
    elif kind is float:
        inputs.float(name, **limits, **common)
    else:
        inputs.str(name, **common)


def _kind(annotation: Any) -> Any:
    """The type behind an optional one."""
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not NoneType)
    return annotation


def _limits(field: FieldInfo) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            limits["min"] = rule.ge
        elif isinstance(rule, annotated_types.Le):
            limits["max"] = rule.le
    return limits


def _label(name: str, field: FieldInfo) -> str:
    return field.title or name.replace("_", " ").capitalize()


def _advanced(field: FieldInfo) -> bool:
    extra = field.json_schema_extra
    return bool(extra["advanced"]) if isinstance(extra, dict) else True
