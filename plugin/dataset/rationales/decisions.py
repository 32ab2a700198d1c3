"""A person's decisions on what a language model said, saved on the samples with a way back.

A decision and what it replaced are written in one update of one sample, so that no crash can part
them.  The times of the decisions are the order to take them back in: undo looks for the latest one
in the dataset, and therefore still works after a reload, in another process, or from Python.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, get_args

import fiftyone as fo
from fiftyone import ViewField as F

from ...errors import EmptySetError, InputError, SaveError
from ..store.database import database_failures
from ..store.fields import decided
from ..store.fields.ownership import declare
from ..store.fields.verdict_fields import has_model
from ..store.fields.verdict_fields import models as models
from ..store.names import ReviewNames
from ..store.sets.resolve import Samples, dataset_of, reloaded

Verdict = Literal["agree", "disagree", "relabel", "unsure"]
DECISIONS: tuple[Verdict, ...] = get_args(Verdict)
NOTE_MAX = 4000
LABEL_MAX = 200
LABELS_MAX = 500
HISTORY_MAX = 50
"""Steps kept of one sample."""
TICK = timedelta(milliseconds=1)
"""The database's resolution: two decisions this close would have no order."""


@dataclass(frozen=True)
class Decision:
    """The decision on one sample; all None where there is none.

    ``time`` is naive UTC, as FiftyOne returns it.
    """

    decision: Verdict | None = None
    label: str | None = None
    note: str | None = None
    time: datetime | None = None


@dataclass(frozen=True)
class Undo:
    """One step back: the sample, the decision taken off it, and the one it has now."""

    sample_id: str
    taken: Decision
    now: Decision


def model_names(dataset: fo.Dataset) -> dict[str, str]:
    """Each model of :func:`models` with its name in the tables that were imported."""
    from .import_cache import imported_from

    try:
        imported = {one["suffix"]: one["model"] for one in imported_from(dataset)["models"]}
    except EmptySetError:
        imported = {}
    return {model: imported.get(model) or model or "First model" for model in models(dataset)}


def require_verdicts(samples: Samples, model: str) -> ReviewNames:
    """Names of a model's fields, checked to be there.

    Raises
    ------
    InputError
        The dataset has no verdicts at all, or none of this model.
    """
    if has_model(samples, model):
        return ReviewNames(model)
    known = models(samples)
    if not known:
        raise InputError(
            "No sample has a language model's verdict: import a feature cache first "
            "(`import_feature_cache`, `gapsphere import-features`)."
        )
    named = ", ".join(repr(name) for name in known)
    raise InputError(f"There are no verdicts of a model {model!r}; there are: {named}.")


def truth_path(samples: Samples) -> str | None:
    """Path of the ground truth's label, None where there is none."""
    name = ReviewNames.ground_truth
    declared = samples.get_field(name)
    if declared is None:
        return None
    embedded = isinstance(declared, fo.EmbeddedDocumentField)
    if embedded and issubclass(declared.document_type, fo.Classification):
        return f"{name}.label"
    return name if isinstance(declared, fo.StringField) else None


@database_failures()
def decide(
    dataset: fo.Dataset,
    sample_id: str,
    decision: str,
    label: str | None = None,
    note: str | None = None,
    *,
    model: str = "",
) -> Decision:
    """Save a decision with its time; what stood there before can be brought back by :func:`undo`.

    Parameters
    ----------
    decision
        ``agree``, ``disagree``, ``relabel`` or ``unsure``.
    label
        The class that it should have been: for ``relabel``, and only there.

    Raises
    ------
    InputError
        The decision, label or note cannot be used, the sample is gone, or a field of the user's has
        one of the names.
    SaveError, DatabaseError
        The fields are read-only, or the database refused: nothing was changed.

    Examples
    --------
    >>> decide(dataset, sample_id, "relabel", "heath", note="purple").label  # doctest: +SKIP
    'heath'
    """
    made = _checked(decision, label, note)
    dataset = reloaded(dataset)
    names = require_verdicts(dataset, model)
    _declare(dataset, names)
    sample = _open(dataset, names, sample_id)
    last = dataset.exists(names.time).sort_by(names.time, reverse=True).limit(1).values(names.time)
    now = max([datetime.now(timezone.utc).replace(tzinfo=None), *(time + TICK for time in last)])
    made = replace(made, time=now.replace(microsecond=now.microsecond // 1000 * 1000))
    steps = [*(sample[names.history] or []), asdict(_standing(sample, names))]
    _save(sample, names, made, steps[-HISTORY_MAX:])
    return made


@database_failures()
def undo(dataset: fo.Dataset, *, model: str = "") -> Undo | None:
    """Take the latest decision back: the sample gets what it had before, to the very absence.

    Returns
    -------
    Undo or None
        None where there is no step to take back.
    """
    dataset = reloaded(dataset)
    names = require_verdicts(dataset, model)
    if not _has_history(dataset, names):
        return None
    last = _decided_here(dataset, names).sort_by(names.time, reverse=True).limit(1)
    for sample_id in last.values("id"):
        sample = _open(dataset, names, sample_id)
        *steps, before = sample[names.history]
        taken, now = _standing(sample, names), Decision(**before)
        _save(sample, names, now, steps or None)
        return Undo(sample_id, taken, now)
    return None


def undoable(dataset: fo.Dataset, *, model: str = "") -> bool:
    """Whether :func:`undo` has a step to take back."""
    names = ReviewNames(model)
    return _has_history(dataset, names) and bool(len(_decided_here(dataset, names).limit(1)))


def standing(samples: Samples, sample_id: str, *, model: str = "") -> Decision:
    """What was decided on one sample."""
    names = ReviewNames(model)
    if not decided.is_decided(samples, names):
        return Decision()
    return _standing(_open(dataset_of(samples), names, sample_id), names)


def labels(samples: Samples) -> list[str]:
    """Classes to relabel to: those of the ground truth, the most frequent first."""
    path = truth_path(samples)
    if path is None:
        return []
    counted = {str(k): n for k, n in samples.count_values(path).items() if k is not None}
    return sorted(counted, key=lambda name: (-counted[name], name))[:LABELS_MAX]


def _checked(decision: str, label: str | None, note: str | None) -> Decision:
    if decision not in DECISIONS:
        raise InputError(f"{decision!r} is not a decision: use one of {', '.join(DECISIONS)}.")
    label = (label or "").strip() or None
    note = (note or "").strip() or None
    if decision == "relabel" and label is None:
        raise InputError("A relabel decision needs the class that it should have been.")
    if decision != "relabel" and label is not None:
        raise InputError(f"A label goes with relabel alone, not with {decision!r}.")
    for what, text, most in (("label", label, LABEL_MAX), ("note", note, NOTE_MAX)):
        if text is not None and len(text) > most:
            raise InputError(f"The {what} has {len(text)} characters; the limit is {most}.")
        if text is not None and "\0" in text:
            raise InputError(f"The {what} holds a null character.")
    return Decision(decision, label, note)


def _declare(dataset: fo.Dataset, names: ReviewNames) -> None:
    decided.claim(dataset, names)
    *columns, history = decided.writes(names).columns
    declare(dataset, *columns)
    if not dataset.has_field(history.name):
        # Undo asks for the latest and progress for how many: neither should read every sample.
        dataset.create_index(names.time)
        dataset.create_index(names.decision)
        declare(dataset, history)


def _has_history(dataset: fo.Dataset, names: ReviewNames) -> bool:
    return decided.is_decided(dataset, names) and dataset.has_field(names.history)


def _open(dataset: fo.Dataset, names: ReviewNames, sample_id: str) -> Any:
    return opened(dataset, sample_id, [*names.decided, names.history])


def opened(dataset: fo.Dataset, sample_id: str, wanted: Sequence[str]) -> Any:
    """The sample with some of its fields alone: its vectors need not travel."""
    try:
        return dataset.select_fields(wanted)[sample_id]
    except (KeyError, ValueError):
        raise InputError(f"Sample {sample_id} is no longer in this dataset.") from None


def _standing(sample: Any, names: ReviewNames) -> Decision:
    return Decision(*(sample[name] for name in names.decided))


def _decided_here(dataset: fo.Dataset, names: ReviewNames) -> fo.DatasetView:
    return dataset.exists(names.time).match(F(names.history).length() > 0)


def _save(
    sample: Any, names: ReviewNames, made: Decision, steps: list[Mapping[str, Any]] | None
) -> None:
    try:
        for name, value in zip(names.decided, astuple(made), strict=True):
            sample[name] = value
        sample[names.history] = steps
        sample.save()
    except ValueError as error:  # FiftyOne's word for a read-only field and for a sample deleted
        raise SaveError(f"The decision on sample {sample.id} was not saved: {error}.") from error
