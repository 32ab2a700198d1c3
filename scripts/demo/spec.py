"""How often a Visual Spec's verdict is right, on the demo drive, whose gaps are known.

``gapsphere demo`` renders conditions that S lacks, each on two drives.  Three kinds of spec are
exported for each: from every second frame of both drives; from one drive alone; from one drive
with the radius δ, since frames of one drive are closer together than drives are.  Each then judges
what it was not made from: the frames held back (wanted), the other conditions that S lacks (new,
but something else), the candidates of conditions that S has, and S itself.

    python -m gapsphere.scripts.demo.spec [--dataset gapsphere-demo]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import fiftyone as fo

from ...plugin.dataset.gaps import coverage
from ...plugin.dataset.spec.check import check_view
from ...plugin.dataset.spec.export import export_visual_spec
from ...plugin.dataset.store.names import Names
from ...plugin.errors import GapsphereError, InputError
from ...plugin.report.spec_rule import VERDICTS
from ...plugin.settings.spec import SpecParams

CONDITION = ("time_of_day", "weather", "environment")
GROUPS = (
    "held back",
    "held back, beyond δ (is_gap)",
    "other conditions S lacks",
    "conditions S has, in U",
    "S itself",
)
WANTED, WANTED_GAPS, OTHER, HELD, OWNED = GROUPS
KINDS = (
    ("Candidates: every second frame of both drives", False, False),
    ("Candidates: one drive; held back: the other drive", True, False),
    ("Candidates: one drive, radius δ; held back: the other drive", True, True),
)


def main(arguments: list[str] | None = None) -> int:
    """Print the rates; exit code 2 and a sentence if the dataset is not the demo's."""
    parser = argparse.ArgumentParser(description="Rates of the Visual Spec's verdicts on the demo")
    parser.add_argument("--dataset", default="gapsphere-demo", help="[gapsphere-demo]")
    name = parser.parse_args(arguments).dataset
    try:
        if not fo.dataset_exists(name):
            raise InputError(f"There is no dataset {name!r}: run `gapsphere demo --no-app` first.")
        dataset = fo.load_dataset(name).clone()  # verdicts are fields: the original stays as it is
        try:
            rates(dataset)
        finally:
            dataset.delete()
    except GapsphereError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def rates(dataset: fo.Dataset) -> None:
    """Specs for each condition that S lacks, and how they judge everything else."""
    fields = ["id", "sequence", "missing_in_S", "tags", *CONDITION]
    if not all(dataset.has_field(field) for field in fields):
        raise InputError(f"{dataset.name} is not the demo drive: it lacks {', '.join(CONDITION)}.")
    rows = list(zip(*dataset.values(fields), strict=True))
    condition = {row[0]: " ".join(row[4:]) for row in rows}
    beyond = dict(zip(*dataset.exists("is_gap").values(["id", "is_gap"]), strict=True))
    delta = coverage.read(dataset, Names()).delta
    for title, one_drive, radius in KINDS:
        total: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
        print(f"\n{title}, δ = {delta:.4f}")
        print(f"{'condition':<24} {'r':>7}  verdicts on what was held back")
        for wanted in sorted({condition[row[0]] for row in rows if row[2]}):
            members = [row for row in rows if condition[row[0]] == wanted]
            first = min(row[1] for row in members)
            asked = {row[0] for i, row in enumerate(members) if i % 2 == 0}
            if one_drive:
                asked = {row[0] for row in members if row[1] == first}
            verdicts = _judged(dataset, asked, delta if radius else None)
            here: Counter[str] = Counter()
            for row in rows:
                if row[0] in asked:
                    continue
                group = OWNED if "S" in row[3] else OTHER if row[2] else HELD
                if condition[row[0]] == wanted:
                    group = WANTED
                    here[verdicts[row[0]]] += 1
                    if beyond[row[0]]:
                        total[WANTED_GAPS][verdicts[row[0]]] += 1
                total[group][verdicts[row[0]]] += 1
            words = ", ".join(f"{here[v]} {v}" for v in VERDICTS if here[v])
            print(f"{wanted:<24} {verdicts['radius']:>7}  {words}")
        print(f"{'':<34}" + "".join(f"{verdict:>17}" for verdict in VERDICTS))
        for group, counts in total.items():
            whole = max(sum(counts.values()), 1)
            cells = "".join(f"{counts[v]:>9} ({100 * counts[v] / whole:3.0f} %)" for v in VERDICTS)
            print(f"{group:<34}{cells}")


def _judged(dataset: fo.Dataset, asked: set[str], radius: float | None) -> dict[str, str]:
    """Verdict of every other sample by id, and under ``radius`` the spec's radius."""
    rest = dataset.exclude(list(asked))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "spec.zip")
        params = SpecParams(output=path, images=1, owned_images_shown=0, spec_radius=radius)
        issued = export_visual_spec(dataset.select(list(asked)), params)
        checked = check_view(issued.path, rest)
    found: dict[str, str] = {answer.id: answer.verdict for answer in checked.answers}
    return {**found, "radius": f"{issued.radius:.4f}"}


if __name__ == "__main__":
    sys.exit(main())
