"""``check_spec``: did what was asked for come?  New images against a Visual Spec.

The spec carries everything the answer needs (:mod:`...report.spec.reading`); the one thing to
insist on is that the same encoder looks at the new images, which its fingerprint settles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...coverage.named.ranges import outside_ranges
from ...coverage.support import support
from ...coverage.words import counted as number_of
from ...coverage.words import decimals, in_percent
from ...embeddings.attributes import WORDS
from ...embeddings.extract import Skipped
from ...embeddings.images import open_rgb
from ...encoders.protocol import Encoder
from ...errors import EmptySetError, ImageError, MismatchError
from ...interchange.files.left_out import LeftOut
from ...progress import Progress, silent
from ...report.copies import Print, copies, picture_print
from ...report.render import shown
from ...report.spec.reading import SpecFile, read_spec
from ...report.spec.rule import ROUNDING, VERDICTS, SpecVerdicts, Verdict, judge
from ...results import Result
from ...settings.spec import CheckSpecParams
from ..gaps.images.sources import Source, list_images
from ..gaps.vectors.attributes import read_attributes
from ..gaps.vectors.embedding_run import STEP as EMBEDDINGS
from ..store import runs
from ..store.database import counted, database_failures
from ..store.fields.ownership import Column, Writes, refuse_foreign
from ..store.leases import holds_lease
from ..store.names import Names
from ..store.sets.door import admitted
from ..store.sets.resolve import Samples, dataset_of
from ..store.steps.step import Step
from ..store.vectors import vectors
from .seen import Seen, look_at

STEP = "spec_check"
RECORDINGS = "recordings"
LISTED = 100


@dataclass(frozen=True)
class Answer:
    """One image's verdict; ``to_request`` and ``to_owned`` in the spec's metric.

    ``copy``: it is the picture of an image before it, or of an example in the spec, saved again, so
    it does not count; told for accepted images (:mod:`...report.copies`).  ``support``
    images of S lie within δ, of ``support_drives`` drives (None where the spec has no drives): all
    of S counts within 1.5 radii of the request, beyond that there may be more.  ``outside`` says in
    words, such as *darker*, in what the image is outside the ranges of S.
    """

    id: str
    path: str
    verdict: Verdict
    to_request: float
    to_owned: float
    copy: bool = False
    support: int = 0
    support_drives: int | None = None
    outside: tuple[str, ...] = ()

    def __str__(self) -> str:
        owned = "far" if np.isinf(self.to_owned) else decimals(self.to_owned, 4)
        if self.support:
            drives = "" if self.support_drives is None else f" of {number_of(self.support_drives)}"
            owned += f" ({number_of(self.support, 'image')}{drives} within δ)"
        copy = " (a copy, not counted)" if self.copy else ""
        outside = f"  outside the range of S: {', '.join(self.outside)}" if self.outside else ""
        return (
            f"{self.verdict:<15}  to request {decimals(self.to_request, 4)}  to S {owned}  "
            f"{shown(self.path, len(self.path))}{copy}{outside}"
        )


@dataclass(frozen=True, repr=False)
class SpecCheckResult(Result):
    """What came in, against what spec ``id`` asked for."""

    id: str
    title: str
    quantity: int
    radius: float
    delta: float
    metric: str
    answers: tuple[Answer, ...]
    skipped: tuple[Skipped, ...]
    standing: str = ""
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def counts(self) -> dict[str, int]:
        """Images by verdict, in the order of :data:`VERDICTS`."""
        found = Counter(answer.verdict for answer in self.answers)
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def met(self) -> int:
        """Accepted images that count: a copy of another does not."""
        return sum(1 for a in self.answers if a.verdict == "accepted" and not a.copy)

    @property
    def copies(self) -> int:
        """Accepted images that do not count: pictures that were saved again."""
        return self.counts["accepted"] - self.met

    def __str__(self) -> str:
        spread = ", ".join(f"{count} {verdict}" for verdict, count in self.counts.items())
        lines = [
            f"{self.id}: {self.met} of {self.quantity} wanted images are here "
            f"({in_percent(self.met / self.quantity, 0)})",
            f"{len(self.answers)} checked: {spread} "
            f"(r {decimals(self.radius, 4)}, δ {decimals(self.delta, 4)}, {self.metric})",
        ]
        if self.standing:
            lines.append(self.standing)
        if self.copies:
            those = "image is a copy" if self.copies == 1 else "images are copies"
            lines.append(
                f"{self.copies} accepted {those}, of another one or of a picture in the spec, and "
                "not counted."
            )
        if self.skipped:
            lines.append(f"{len(self.skipped)} skipped:")
            lines += [f"  {item.reason}" for item in self.skipped[:LISTED]]
        lines += [str(self.left_out)] if self.left_out else []
        return "\n".join(lines)


def check_files(
    spec_path: str | Path,
    source: Source,
    params: CheckSpecParams | None = None,
    *,
    encoder: Encoder | None = None,
    progress: Progress = silent,
) -> SpecCheckResult:
    """Check image files: a folder, a glob, a JSON list or paths.

    Parameters
    ----------
    spec_path
        The spec's ZIP, its unpacked folder, or ``spec.json`` in it.
    source
        Recordings are not checked, only images; what is left out is counted in the result.
    encoder
        An opened encoder, in place of the one the spec names; its fingerprint has to match too.

    Raises
    ------
    MismatchError
        The encoder on this machine is not the spec's.
    InputError, EmptySetError, ArtifactError
        No image, or a spec that cannot be used.
    """
    spec = read_spec(spec_path)
    listing = list_images(source)
    videos, left_out = set(listing.videos), listing.left_out
    left_out.add(RECORDINGS, *listing.videos)
    paths = [path for path in listing.paths if path not in videos]
    if not paths:
        raise EmptySetError(
            f"{source} holds no image to check; {left_out}. The frames of recordings are checked "
            "where load_images has taken them: give that dataset or view."
        )
    items = [(str(row), path) for row, path in enumerate(paths)]
    params = params or CheckSpecParams()
    seen = look_at(spec, items, params, encoder, progress)
    return replace(_answered(spec, items, seen, params.num_workers), left_out=left_out)


def writes(names: Names) -> Writes:
    """What the step writes."""
    verdict = "Verdict of the last Visual Spec checked"
    return Writes(STEP, (Column(names.spec_verdict, str, verdict, first=True),))


@database_failures()
@holds_lease("check_spec", "spec")
def check_view(
    samples: Samples,
    spec_path: str | Path,
    params: CheckSpecParams | None = None,
    *,
    encoder: Encoder | None = None,
    progress: Progress = silent,
) -> SpecCheckResult:
    """Check the samples of a view and write ``spec_verdict`` on them.

    A vector that the spec's own encoder has put on a sample is used; samples without one are
    embedded for this check alone.  The verdicts of an earlier check are cleared.
    """
    params = params or CheckSpecParams()
    spec = read_spec(spec_path)
    samples = admitted(samples, params.slices)
    if not counted(samples):
        raise EmptySetError("The view has no sample to check.")
    dataset, names = dataset_of(samples), Names(params.suffix)
    refuse_foreign(dataset, names, writes(names))
    ids, paths = samples.values(["id", "filepath"])
    record = runs.read(dataset, names, EMBEDDINGS)
    seen = Seen()
    if record and record.inputs.get("fingerprint") == spec.encoder.fingerprint:
        there = vectors.read(samples, names.embedding, unit=True)
        seen.vectors.update(zip(there.ids, there.matrix, strict=True))
    columns = read_attributes(dataset, names, ids, None)[0] if spec.ranges else {}
    for row, sample_id in enumerate(ids):
        seen.attributes[sample_id] = {name: column[row] for name, column in columns.items()}
    items = list(zip(ids, paths, strict=True))
    missing = [item for item in items if item[0] not in seen.vectors]
    if missing:
        new = look_at(spec, missing, params, encoder, progress)
        seen = Seen(seen.vectors | new.vectors, seen.attributes | new.attributes, new.skipped)
    checked = _answered(spec, items, seen, params.num_workers)
    _write(Step.of(STEP, samples, params, writes=writes), checked, spec, str(spec_path))
    return checked


def check_vectors(
    spec: SpecFile,
    items: Sequence[tuple[str, str]],
    known: Mapping[str, NDArray[np.float32]],
) -> SpecCheckResult:
    """Check images by vectors that the spec's encoder made: (id, path) each, unit rows by id."""
    return _answered(spec, items, Seen(dict(known)), CheckSpecParams().num_workers)


def _answered(
    spec: SpecFile, items: Sequence[tuple[str, str]], looked_at: Seen, num_workers: int
) -> SpecCheckResult:
    dimension = len(spec.rule.centre)
    known = [item for item in items if item[0] in looked_at.vectors]
    rows = [looked_at.vectors[i] for i, _ in known]
    matrix = np.stack(rows) if rows else np.empty((0, dimension), np.float32)
    if len(matrix) and matrix.shape[1] != dimension:
        raise MismatchError(
            f"The images have vectors of {matrix.shape[1]} numbers, spec {spec.id} of {dimension}."
        )
    judged = judge(matrix, spec.rule, spec.reference)
    said = zip(judged.verdict, judged.to_request.tolist(), judged.to_owned.tolist(), strict=True)
    images, drives = _support(spec, matrix)
    repeated = _copies(spec, known, judged, matrix, num_workers)
    answers = []
    for row, ((sample_id, path), told) in enumerate(zip(known, said, strict=True)):
        outside = outside_ranges(looked_at.attributes.get(sample_id, {}), spec.ranges)
        answers.append(
            Answer(
                sample_id,
                path,
                *told,
                copy=row in repeated,
                support=images[row],
                support_drives=None if drives is None else drives[row],
                outside=tuple(WORDS[each.attribute][value > each.high] for each, value in outside),
            )
        )
    rule = spec.rule
    return SpecCheckResult(
        spec.id,
        spec.title,
        spec.quantity,
        rule.radius,
        rule.delta,
        rule.metric,
        tuple(answers),
        looked_at.skipped,
        shown(spec.standing, len(spec.standing)),
    )


def _copies(
    spec: SpecFile,
    items: Sequence[tuple[str, str]],
    judged: SpecVerdicts,
    matrix: NDArray[np.float32],
    num_workers: int,
) -> set[int]:
    """Rows of accepted images that show what another or an example shows; the first one counts."""
    accepted = [row for row, verdict in enumerate(judged.verdict) if verdict == "accepted"]
    with ThreadPoolExecutor(num_workers) as workers:
        prints = list(workers.map(_print, [items[row][1] for row in accepted]))
    found = copies(prints, spec.examples)
    repeated = {row for row, of in zip(accepted, found, strict=True) if of is not None}
    if len(spec.rule.candidates):  # one without a picture in the spec, told by its vector
        repeated |= {row for row in accepted if judged.to_request[row] <= ROUNDING}
    first: dict[bytes, int] = {}
    for row in accepted:  # one vector is one picture, also where its file is gone
        if first.setdefault(matrix[row].tobytes(), row) != row:
            repeated.add(row)
    return repeated


def _print(path: str) -> Print | None:
    try:
        return picture_print(open_rgb(path))
    except ImageError:
        return None


def _support(spec: SpecFile, matrix: NDArray[np.float32]) -> tuple[list[int], list[int] | None]:
    """Rows of the reference within δ of each image, and their drives where the spec has them."""
    counts = drives = np.zeros(len(matrix), np.int64)
    if len(matrix) and len(spec.reference):
        labels = [None] * len(spec.reference) if spec.drives is None else spec.drives
        rule = spec.rule
        counts, drives = support(matrix, spec.reference, labels, rule.delta, metric=rule.metric)
    return counts.tolist(), None if spec.drives is None else drives.tolist()


def _write(step: Step, checked: SpecCheckResult, spec: SpecFile, path: str) -> None:
    verdict_of = {answer.id: answer.verdict for answer in checked.answers}
    step.inputs = {"spec": spec.id, "path": path, "fingerprint": spec.encoder.fingerprint}
    step.begin()
    step.write(step.names.spec_verdict, list(verdict_of), list(verdict_of.values()))
    results = {
        "counts": checked.counts,
        "met": checked.met,
        "quantity": checked.quantity,
        "copies": checked.copies,
        "skipped_count": len(checked.skipped),
        "skipped": [asdict(item) for item in checked.skipped[:LISTED]],
    }
    step.complete(results)
