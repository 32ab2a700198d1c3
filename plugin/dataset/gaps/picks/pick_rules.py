"""What the picks of a dataset must keep to: settings and fields become constraints on rows of U."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import fiftyone as fo
import numpy as np
from numpy.typing import NDArray

from ....coverage.picks.company import Support
from ....coverage.picks.constraints import Constraints
from ....coverage.picks.duplicates import frame_scale
from ....coverage.picks.quotas import Quota
from ....errors import EmptySetError, InputError, MismatchError, UnfinishedError
from ....settings.quotas import quota_word
from ....settings.steps import CandidateParams, MetricParams
from ...store import runs
from ...store.fields.metadata import columns
from ...store.names import FRAME_NUMBER, Names
from ...store.samples import seconds_of
from ...store.sets.door import admitted
from ...store.sets.drives import Drives, naming_fields, read_drives
from ...store.sets.resolve import Samples, dataset_of, resolve, resolve_sets
from ...store.steps.inputs import Inputs
from ..cards import card_records
from ..coverage import coverage, measured

OF_THESE = "in this metric and of these embeddings"
SMALLER = {
    1e17: ("nanoseconds", "1e9"),
    1e14: ("microseconds", "1e6"),
    1e11: ("milliseconds", "1e3"),
}
"""What a number from here on counts as a time since 1970: 1e11 seconds are the year 5138."""


@dataclass(frozen=True, eq=False)
class PickRules:
    """Constraints for rows of U, and what the curve of picks is drawn from.

    ``delta`` is that of the last coverage run, in the metric asked for; ``support`` counts images
    of S within it, int (n,); ``card`` numbers the gap card of each row, int (n,), -1 for none.
    What is not known is None.
    """

    constraints: Constraints
    drives: list[str | None]
    delta: float | None
    support: NDArray[np.int64] | None = None
    card: NDArray[np.int64] | None = None

    def digest(self) -> str:
        """Changes with anything that the picks depend on beside settings and vectors."""
        rules = self.constraints
        told = repr((self.drives, self.delta, rules.support, rules.forbidden))
        found = hashlib.blake2b(told.encode(), digest_size=8)
        for quota in rules.quotas:
            found.update(np.packbits(quota.members).tobytes())
        for column in (rules.times, self.support, self.card):
            if column is not None:
                found.update(np.asarray(column, np.float64).tobytes())
        return found.hexdigest()


def read_rules(samples: Samples, params: CandidateParams, inputs: Inputs) -> PickRules:
    """Read what the settings need from the dataset.

    Raises
    ------
    InputError, EmptySetError
        A setting needs a field or a coverage run that is not there.
    """
    dataset, names = dataset_of(samples), Names(params.suffix)
    drives = read_drives(samples, params.sequence_field, inputs.owned.ids, inputs.pool.ids)
    delta = delta_of(dataset, names, params)
    if delta is None and params.target_covered is not None:
        raise InputError(
            f"target_covered needs δ, and there is none {OF_THESE}: run compute_coverage first."
        )
    recorded = inputs.owned.matrix, drives.owned, drives.order
    apart, times = _apart(dataset, params, inputs.pool.ids)
    if times is None and params.support is not None and dataset.has_field(FRAME_NUMBER):
        times = _frames(dataset, inputs.pool.ids)
    if params.max_per_sequence is not None or apart is not None:
        _require_drives(dataset, drives, params)
    rules = Constraints(
        drives=drives.pool,
        times=times,
        max_per_group=params.max_per_sequence,
        min_apart=apart,
        quotas=[_quota(inputs, word) for word in params.quota or ()],
        support=_support(params, delta, recorded),
        forbidden=frame_scale(*recorded, metric=params.metric) if params.skip_duplicates else None,
        metric=params.metric,
    )
    counts = None if delta is None else measured.support(dataset, names, inputs)
    return PickRules(rules, drives.pool, delta, counts, cards_of(dataset, names, inputs.pool.ids))


def refuse_before(samples: Samples, params: CandidateParams) -> None:
    """Refuse what the fields cannot meet before long work that ends in the picks.

    Raises
    ------
    InputError, EmptySetError
        As :func:`read_rules`, but for δ and for fields that the work itself writes.
    """
    asked = params.max_per_sequence, params.min_seconds_apart, params.min_frames_apart, params.quota
    if not any(asked):
        return  # and asks nothing: a second run is to cost as little as it can
    samples, dataset = admitted(samples, params.slices), dataset_of(samples)
    sets = resolve_sets(samples, params.owned, params.pool)
    owned, pool = sets.owned.values("id"), sets.pool.values("id")
    apart, _ = _apart(dataset, params, pool)
    if params.max_per_sequence is not None or apart is not None:
        _require_drives(dataset, read_drives(samples, params.sequence_field, owned, pool), params)
    ours = Names(params.suffix).fields()
    for quota in map(quota_word, params.quota or ()):
        if quota.field.partition(".")[0] not in ours:
            resolve(sets.pool, f"field:{quota.kind}")


def _apart(
    dataset: fo.Dataset, params: CandidateParams, ids: Sequence[str]
) -> tuple[float | None, NDArray[np.float64] | None]:
    """How far apart picks of a drive must be, and when images were taken."""
    if params.min_seconds_apart is not None:
        times = _times(dataset, params.time_field, ids, "min_seconds_apart")
        return params.min_seconds_apart, times
    if params.min_frames_apart is not None:
        return float(params.min_frames_apart), _times(
            dataset, FRAME_NUMBER, ids, "min_frames_apart"
        )
    return None, None


def _quota(inputs: Inputs, word: str) -> Quota:
    """The rows of U that a quota is about."""
    asked = quota_word(word)
    having = set(resolve(inputs.sets.pool, f"field:{asked.kind}").values("id"))
    members = np.fromiter((each in having for each in inputs.pool.ids), bool)
    return Quota(asked.kind, members, asked.least, asked.most)


def delta_of(dataset: fo.Dataset, names: Names, params: MetricParams) -> float | None:
    """δ of the last coverage run, None without one in that metric and of these embeddings."""
    try:
        covered = coverage.read(dataset, names)
    except EmptySetError:
        return None
    if not np.isfinite(covered.delta) or covered.metric != params.metric:
        return None
    ran = (runs.read(dataset, names, step) for step in (coverage.STEP, "embeddings"))
    if measured.of_another_encoder(*ran):
        return None
    return covered.delta


def cards_of(dataset: fo.Dataset, names: Names, ids: Sequence[str]) -> NDArray[np.int64] | None:
    """The card of each candidate, where there are cards of the last coverage run."""
    try:
        cards = card_records.read(dataset, names)
    except (EmptySetError, MismatchError, UnfinishedError):
        return None
    if not dataset.has_field(names.gap_card):
        return None
    number = {card.key: card.number for card in cards.found}
    keys = columns(dataset, ids, {"key": names.gap_card})["key"]
    return np.array([number.get(key, -1) for key in keys], np.int64)


def _support(
    params: CandidateParams,
    delta: float | None,
    recorded: tuple[NDArray[np.float32], list[str | None], NDArray[np.int64]],
) -> Support | None:
    if params.support is None:
        return None
    radius = delta if params.support_radius is None else params.support_radius
    if radius is None:
        raise InputError(
            f"support needs a radius, and there is no δ {OF_THESE}: run compute_coverage first, or "
            "give support_radius."
        )
    return Support.as_owned(params.support, radius, *recorded, metric=params.metric)


def _require_drives(dataset: fo.Dataset, drives: Drives, params: CandidateParams) -> None:
    if any(label is not None for label in drives.pool):
        return
    known = ", ".join(map(repr, naming_fields(dataset)[:10])) or "none"
    raise InputError(
        f"No image of U has a drive in {params.sequence_field!r}, which a cap per drive and time "
        f"between picks need: name the field as sequence_field; fields that can: {known}."
    )


def _times(
    dataset: fo.Dataset, field: str, ids: Sequence[str], setting: str
) -> NDArray[np.float64]:
    """Seconds or frame numbers of images; NaN where an image has none."""
    if not dataset.has_field(field):
        raise InputError(
            f"{setting} needs the field {field!r}, which the dataset does not have"
            + ("." if field == FRAME_NUMBER else ": name the field with the time as time_field.")
        )
    values = columns(dataset, ids, {field: field})[field]
    wrong = next((value for value in values if _time(value) is None), None)
    if wrong is not None:
        raise InputError(
            f"{field!r} holds {wrong!r}, which is neither a number nor a date: {setting} cannot "
            "use it."
        )
    times = np.array([_time(value) for value in values], np.float64)
    if not np.isfinite(times).any():
        raise InputError(f"{setting} needs times, and no image of U has a value in {field!r}.")
    latest = np.abs(times[np.isfinite(times)]).max()
    for least, (unit, per) in SMALLER.items():
        if latest >= least:
            raise InputError(
                f"{field!r} holds {latest:.0f}, which looks like a time in {unit}: write seconds "
                f"to a field (dataset.set_values('seconds', [t and t / {per} for t in "
                f"dataset.values({field!r})])) and name it as time_field, with min_seconds_apart."
            )
    return times


def _frames(dataset: fo.Dataset, ids: Sequence[str]) -> NDArray[np.float64]:
    """Frame numbers where they are numbers; NaN elsewhere."""
    values = columns(dataset, ids, {FRAME_NUMBER: FRAME_NUMBER})[FRAME_NUMBER]
    return np.array([np.nan if (t := _time(value)) is None else t for value in values], np.float64)


def _time(value: Any) -> float | None:
    """A number, NaN for a missing one, None for what is no time."""
    if value is None:
        return np.nan
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime):
        return seconds_of(value)
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
