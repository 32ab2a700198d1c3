"""What each step did, kept as a custom run on the dataset, so that a number can always be traced.

A record holds the step's parameters, what went in (a digest of the vectors, the encoder's
fingerprint, counts) and what came out.  It is *running* while fields change: the fields are no
result then, and its ``results`` hold at most parts that are whole already.  A record is replaced in
one update of the database, so it is never absent while its fields stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timezone
from typing import Any

import fiftyone as fo

from ...errors import InputError, UnfinishedError
from . import fiftyone_internals
from .names import Names
from .names import suffixes as suffixes_among
from .run_class import StepRunConfig

METHOD = "gapsphere/"
VERBS = {
    "embeddings": "compute_embeddings",
    "coverage": "compute_coverage",
    "cards": "summarize_gaps",
    "kcenter": "select_kcenter",
    "sphere": "compute_sphere",
    "heatmaps": "compute_heatmaps",
    "attributes": "compute_attributes",
    "failures": "rank_gaps_by_failures",
    "feature_cache": "import_feature_cache",
    "sparse": "simulate_adaptive_sampling",
    "trained": "train_sparse_transformer",
    "visual_spec": "export_visual_spec",
    "spec_check": "check_spec",
}
"""What a person runs to make a record again."""

SEEN = ("owned_digest", "pool_digest", "folder")
"""What of the inputs tells the vectors of S and U from others."""


@dataclass(frozen=True)
class Record:
    """One step's trace: JSON-able values only.

    ``token`` is the run's own; ``digest`` of what it wrote, "" where it is not compared; ``fields``
    are those that it writes; ``pace`` how fast the last of its runs was that had something to do,
    a :class:`~...estimate.Pace`.  Earlier versions had none of these.
    """

    step: str
    params: Mapping[str, Any]
    inputs: Mapping[str, Any]
    results: Mapping[str, Any] = field(default_factory=dict)
    created: str = field(default_factory=lambda: datetime.now(timezone.utc).isoformat())
    token: str = ""
    running: bool = False
    digest: str = ""
    fields: Sequence[str] = ()
    pace: Mapping[str, Any] = field(default_factory=dict)
    again: Mapping[str, Any] = field(default_factory=dict)

    def holds(self, params: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
        """Whether the same parameters on the same inputs would give these results again."""
        same = dict(self.params) == params and dict(self.inputs) == inputs
        return same and bool(self.results) and not self.running

    def saw(self, trace: Mapping[str, Any]) -> bool:
        """Whether its vectors of S and U are those of ``trace``: of now, or of another record.

        Vectors that a folder brought have no digest: the folder tells them apart.
        """
        return all(self.inputs.get(name) == trace.get(name) for name in SEEN)


@dataclass(frozen=True)
class Keys:
    """Whose the runs under an analysis's keys are, all read at once."""

    names: Names
    methods: Mapping[str, Any]

    @classmethod
    def of(cls, dataset: fo.Dataset, names: Names) -> Keys:
        """As the database has them now."""
        found = fiftyone_internals.run_parts(dataset, "method")
        return cls(names, {key: config.get("method") for key, config in found.items()})

    def has(self, step: str) -> bool:
        """Whether the step has a record."""
        return self.methods.get(self.names.run_key(step)) == f"{METHOD}{step}"

    def foreign(self, step: str) -> bool:
        """Whether a run of the user's has the step's key."""
        return self.names.run_key(step) in self.methods and not self.has(step)


def write(dataset: fo.Dataset, names: Names, record: Record, *, token: str | None = None) -> bool:
    """Keep ``record`` in place of an older one of the same step, in one update.

    With ``token``, only in place of the record of that run; whether it was there.

    Raises
    ------
    InputError
        A run of the user's has the key.
    """
    key, method = names.run_key(record.step), f"{METHOD}{record.step}"
    there = fiftyone_internals.run_config(dataset, key)
    if there is not None and there.get("method") != method:
        raise InputError(
            f"The dataset has a run {key!r} of its own, which would be overwritten: rename it "
            "(dataset.rename_run)."
        )
    config = StepRunConfig(method=method, **asdict(record))
    return fiftyone_internals.replace_run(dataset, key, config, token)


def suffixes(dataset: fo.Dataset, step: str) -> list[str]:
    """Suffixes of the analyses with a record of ``step``, the plain one first."""
    return suffixes_among(dataset.list_runs(), Names().run_key(step))


def names_used(dataset: fo.Dataset) -> frozenset[str]:
    """Fields and tags that steps write, under no suffix and under any that was used."""
    keys = dataset.list_runs()
    of_steps = (suffixes_among(keys, Names().run_key(step)) for step in VERBS)
    found = {"", *(suffix for some in of_steps for suffix in some)}
    named = (vars(Names(suffix)) for suffix in found)
    return frozenset(name for names in named for kind, name in names.items() if kind != "suffix")


def steps(dataset: fo.Dataset, names: Names) -> list[str]:
    """Steps that an analysis has a record of."""
    configs = (fiftyone_internals.run_config(dataset, key) or {} for key in dataset.list_runs())
    methods = (str(config.get("method")) for config in configs)
    found = [method.removeprefix(METHOD) for method in methods if method.startswith(METHOD)]
    return [step for step in dict.fromkeys(found) if read(dataset, names, step) is not None]


def read(dataset: fo.Dataset, names: Names, step: str) -> Record | None:
    """The step's record as the database has it now, None where it never ran (or was deleted).

    A run of the user's under the step's key is none.
    """
    config = fiftyone_internals.run_config(dataset, names.run_key(step))
    if config is None or config.get("method") != f"{METHOD}{step}":
        return None
    values = {name: config.get(name) for name in Record.__dataclass_fields__}
    return Record(**{name: value for name, value in values.items() if value is not None})


def known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of recorded values that a dataclass has: what a later version keeps is left out."""
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def finished(dataset: fo.Dataset, names: Names, step: str) -> Record | None:
    """The step's record, for whoever shows its fields as a result.

    Raises
    ------
    UnfinishedError
        The step was interrupted: its fields are of two runs.
    """
    record = read(dataset, names, step)
    if record is not None and record.running:
        raise UnfinishedError(unfinished(record, names))
    return record


def unfinished(record: Record, names: Names) -> str:
    """What to say of a record that is running."""
    verb = VERBS.get(record.step, record.step)
    if "policy" in record.params:
        verb = "select_candidates"
    of = f" of the suffix {names.suffix!r}" if names.suffix else ""
    return (
        f"The last {verb}{of} (begun {record.created[:16].replace('T', ' ')} UTC) did not finish, "
        f"or still runs: run {verb} again before its results are used."
    )
