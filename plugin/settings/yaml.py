"""The one reader of settings: a YAML file, environment variables in it, and dotted overrides.

A file has sections of settings, ``kcenter: {num_select: 100}``; an override is the same with dots,
``kcenter.num_select=100``, and wins.  ``sampling: adaptive`` in a file, or ``sampling=adaptive``,
starts from that group of ``conf``; a ``sampling`` section chooses the group by its ``pattern``,
and a file that is such a group, ``sampling/adaptive.yaml``, is taken for one.
``server=development`` stands for the server's own defaults: this machine alone, no token.
``${NAME}`` is the environment's value and ``${NAME:-DEFAULT}`` has a default; the seed's
``${oc.env:NAME}`` and ``${oc.env:NAME,DEFAULT}`` are the same.  An empty value is the default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ..errors import InputError
from .fields import Params, keys_of, sentence, unknown
from .questions import AskParams
from .rationales import FailureParams, FeatureCacheParams, ReviewExportParams
from .serving import ServeParams
from .sparse import SimulateParams, SparseParams, SparseTrainParams, TrainSequencesParams
from .spec import CheckSpecParams, SpecParams
from .steps import (
    AttributeParams,
    BudgetParams,
    CandidateParams,
    ExportParams,
    GapParams,
    HeatmapParams,
    ImportParams,
    LoadParams,
)
from .viewer import ViewerParams

CLASSES: tuple[type[Params], ...] = (
    LoadParams, GapParams, CandidateParams, BudgetParams, AttributeParams, AskParams, HeatmapParams,
    ExportParams, ImportParams,
    SpecParams, CheckSpecParams, FeatureCacheParams, ReviewExportParams, FailureParams,
    SparseParams, SparseTrainParams, SimulateParams, TrainSequencesParams, ServeParams,
    ViewerParams,
)  # fmt: skip
"""Whose settings a file may hold."""

GROUPS = ("adaptive", "hybrid", "uniform")
"""Groups that ``sampling`` may name, the default first."""

SERVERS = ("development",)
"""Groups that ``server`` may name."""

INTERNVL_VARIABLE, HUB_ID = "INTERNVL2_PATH", "OpenGVLab/InternVL2-8B"
_DEEPEST = 3
_LARGEST = 10_000
_LARGEST_FILE = 1 << 18
"""Bytes: YAML takes a second for so many."""
_FOLDER = Path(__file__).parent / "conf" / "sampling"
_VARIABLE = re.compile(
    r"\$\{(?:oc\.env:)?(?P<name>\w+)(?:(?::-|,)(?P<default>[^{}$]*))?\}|\$(?P<bare>[A-Za-z_]\w*)"
)
_KEPT = re.compile("\0(\\d+)\0")


def read(
    wanted: Sequence[type[Params]],
    path: str | Path | None = None,
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Read settings by name, those of the classes in ``wanted`` alone.

    Parameters
    ----------
    wanted : list of parameter classes
        Settings of other classes may be in the file as well; they are checked and left out.
    path : path, optional
        A YAML file.
    overrides : list of str
        ``key=value``, and ``sampling=GROUP``.

    Raises
    ------
    InputError
        The file cannot be read; a key is unknown; a value is invalid; a variable is not set; an
        override does not apply to ``wanted``.
    """
    names = keys_of(*wanted)
    found = {} if path is None else _read_file(Path(path))
    given, group = _read_overrides(overrides, names)
    if group is None:
        group = found.get("sampling") or _group_of(
            given.get("sampling.pattern", found.get("sampling.pattern"))
        )
    else:  # a group chosen by name wins over the file's pattern, not over its other values
        found = {k: v for k, v in found.items() if k not in ("sampling.name", "sampling.pattern")}
    values = {**sampling_group(group), **found, **given}
    return {names[k]: v for k, v in values.items() if k in names and v is not None}


@cache
def sampling_group(name: str) -> Mapping[str, Any]:
    """Settings of a sampling group by key; an InputError if there is no such group."""
    if name not in GROUPS:
        raise InputError(unknown("sampling group", name, GROUPS))
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(_leaves(yaml.safe_load(text), "sampling."))


def names_to_keys(*classes: type[Params]) -> dict[str, str]:
    """YAML key of each setting that has one, by name."""
    return {name: key for key, name in keys_of(*classes).items()}


@cache
def _sampling_names() -> frozenset[str]:
    """First words of the settings in a ``sampling`` section: a group's file holds them bare."""
    keys = (key.split(".") for key in keys_of(SparseParams))
    return frozenset(key[1] for key in keys if key[0] == "sampling")


def _check_server(name: Any) -> None:
    if name not in SERVERS:
        raise InputError(unknown("server group", str(name), SERVERS))


def _group_of(pattern: Any) -> str:
    """The group in which a pattern is at home."""
    if pattern in (None, "adaptive_importance"):
        return GROUPS[0]
    return str(pattern) if pattern in GROUPS else "uniform"


def _size(value: Any, known: dict[int, int]) -> int:
    """Values in ``value`` with its aliases written out, where each is counted once here."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = 0  # should it hold itself
        inside = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_size(each, known) for each in inside)
    return known[id(value)]


def _read_file(path: Path) -> dict[str, Any]:
    if not path.is_file():  # a named pipe would be waited for
        wrong = "is not a file" if path.exists() else "does not exist"
        raise InputError(f"{path} {wrong}: give a YAML file.")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InputError(
                f"{path} is larger than {_LARGEST_FILE >> 10} KiB: not a file of settings."
            )
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{path} cannot be read as YAML: {said}.") from error
    if _size(document, {}) >= _LARGEST:
        raise InputError(f"{path} holds more than {_LARGEST:,} values: no settings need them.")
    if document is None:
        return {}
    if isinstance(document, dict) and document and document.keys() <= _sampling_names():
        document = {"sampling": document}
    if not isinstance(document, dict) or not all(
        isinstance(section, dict) or (name in ("sampling", "server") and isinstance(section, str))
        for name, section in document.items()
    ):
        raise InputError(f"{path} must consist of sections with settings, such as `kcenter:`.")
    values = {}
    for key, value in _leaves(document):
        if key == "server":
            _check_server(value)
            continue
        if key not in keys_of(*CLASSES) and key != "sampling":
            raise InputError(f"{path}: {unknown('setting', key, keys_of(*CLASSES))}")
        values[key] = _expanded(value, key, path)
    if "sampling" in values:
        sampling_group(values["sampling"])  # an unknown one is an error
    _check(values, path)
    return values


def _read_overrides(
    overrides: Sequence[str], names: Mapping[str, str]
) -> tuple[dict[str, Any], str | None]:
    """Values by key, and the sampling group that was chosen last."""
    values: dict[str, Any] = {}
    group = None
    for item in overrides:
        key, equals, text = (part.strip() for part in item.partition("="))
        if not equals or not key:
            example = "such as kcenter.num_select=50"
            raise InputError(f"An override is key=value, {example}, not {item!r}.")
        if key == "sampling":
            sampling_group(text)
            group = text
        elif key == "server":
            _check_server(text)
        elif key not in keys_of(*CLASSES):
            raise InputError(unknown("setting", key, keys_of(*CLASSES)))
        elif key not in names:
            raise InputError(f"{key} does not apply to this command; use it with another.")
        else:
            values[key] = None if text == "null" else _expanded(text, key, None)
    return values, group


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys and values; no setting is deeper than :data:`_DEEPEST`, whatever a file nests."""
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name.count(".") < _DEEPEST:
            yield from _leaves(value, f"{name}.")
        else:
            yield name, value


def _expanded(value: Any, key: str, path: Path | None) -> Any:
    """``value`` with the environment's variables in it, in the entries of a list too."""
    if isinstance(value, list):
        return [_expanded(each, key, path) for each in value]
    if not isinstance(value, str) or "$" not in value:
        return value or None if isinstance(value, str) else value
    kept: list[str | None] = []
    names: list[str] = []

    def found(match: re.Match[str]) -> str:
        names.append(match["name"] or match["bare"])
        kept.append(os.environ.get(names[-1]) or match["default"])
        return f"\0{len(kept) - 1}\0"

    def told(match: re.Match[str]) -> str:
        number = int(match[1])
        text = kept[number]
        if text is None:
            raise InputError(_unset(names[number], key, path))
        return _KEPT.sub(told, text)

    text, before = value, ""
    while text != before:  # a default may hold a variable: the innermost first
        text, before = _VARIABLE.sub(found, text), text
    if "${" in text:
        where = f"{path}: " if path else ""
        raise InputError(f"{where}{key}: {value!r} is no ${{NAME}} or ${{NAME:-DEFAULT}}.")
    return _KEPT.sub(told, text) or None


def _unset(name: str, key: str, path: Path | None) -> str:
    where = f"{path}: " if path else ""
    default, of_hub = "DEFAULT", ""
    if name == INTERNVL_VARIABLE:
        default, of_hub = HUB_ID, ", which asks the hub for it,"
    state = "is empty" if name in os.environ else "is not set"
    return (
        f"{where}{key} uses the environment variable {name}, which {state}: set it, or "
        f"write ${{{name}:-{default}}}{of_hub} in its place."
    )


def _check(values: Mapping[str, Any], path: Path) -> None:
    """Check every value of a file, whichever class reads it.

    Rules between settings have to wait: the others may be given elsewhere.
    """
    for cls in CLASSES:
        named = keys_of(cls)
        mine = {named[k]: v for k, v in values.items() if k in named and v is not None}
        try:
            cls(**mine)
        except ValidationError as error:
            if error.errors()[0]["loc"]:
                raise InputError(f"{path}: {sentence(error, cls, names_to_keys(cls))}") from error
