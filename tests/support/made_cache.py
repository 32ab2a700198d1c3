"""A made-up feature cache of any size: ``python -m gapsphere.tests.support.made_cache FOLDER``.

Habitat plots play the samples, as in the project that this format comes from: classes are clusters
in embedding space, neighbouring classes are mixed up where they touch, and a language model gives
its reasons.  ``--defects`` puts in every defect that such files were seen to have, in known numbers
(:class:`Defects`), so that a test can ask whether each was found.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CLASSES = (
    "Acid grassland",
    "Improved grassland",
    "Neutral grassland",
    "Dwarf shrub heath",
    "Bog",
    "Arable and horticulture",
    "Broadleaved woodland",
    "Coniferous woodland",
)
MIS = "mis_Qwen_Qwen3-VL-4B-Instruct.csv"
CORRECT = "correct_Qwen_Qwen3-VL-4B-Instruct.csv"
BROKEN = (
    ('{"score": 0.7, "rationale": "The sward is short and', "broken JSON"),
    ("The image shows a meadow.", "broken JSON"),
    ('["score", 0.3]', "not an object"),
    ('{"score": "rather high", "rationale": "tall grasses"}', "score is not a number"),
    ('{"score": NaN, "rationale": "tall grasses"}', "score is not a number"),
    ('{"rationale": "tall grasses"}', "no score"),
    ('{"score": 0.2}', "no rationale"),
    ('{"score": 0.2, "rationale": ["wet", "dark"]}', "rationale is not text"),
    ("", "empty"),
)


@dataclass(frozen=True)
class Defects:
    """How many rows have which defect."""

    duplicates: int = 0
    escaping: int = 0
    nan_places: int = 0
    nan_vectors: int = 0
    fenced: int = 0
    broken: int = 0
    ambiguous: int = 0
    strangers: int = 0
    spoken_twice: int = 0
    bad_centroids: int = 0


EVERY = Defects(
    duplicates=7,
    escaping=6,
    nan_places=5,
    nan_vectors=4,
    fenced=40,
    broken=9 * len(BROKEN),
    ambiguous=12,
    strangers=11,
    spoken_twice=3,
    bad_centroids=8,
)
ESCAPES = (
    "../outside.jpg",
    "/etc/passwd",
    "C:\\plots\\1.jpg",
    "a/..\\..\\b.jpg",
    "nul\0l.jpg",
    " ",
)


def make_cache(
    folder: str | Path,
    rows: int = 2000,
    *,
    dimension: int = 32,
    width: int = 2,
    seed: int = 51,
    defects: Defects | None = None,
) -> Path:
    """Write a cache of ``rows`` rows; ``width`` is the number of columns of the coordinates.

    Names that are defects lie apart from each other: no row has two of them.
    """
    import torch

    defects = defects or Defects()
    place, rng = Path(folder), np.random.default_rng(seed)
    place.mkdir(parents=True, exist_ok=True)
    label = rng.integers(0, len(CLASSES), rows)
    vectors, points, margin = _features(rng, label, dimension, width)
    wrong = margin < np.quantile(margin, 0.2)
    names = [f"2019_2023/plot_{row:06d}_{'NESW'[row % 4]}.jpg" for row in range(rows)]
    for row in range(defects.duplicates):
        names[row + 1000 % rows] = names[row]
    for row in range(defects.escaping):
        names[-1 - row] = ESCAPES[row % len(ESCAPES)]
    points[rng.permutation(rows)[: defects.nan_places], 0] = np.nan
    vectors[rng.permutation(rows)[: defects.nan_vectors]] = np.nan

    _write_metadata(place / "metadata.csv", names, label, rng)
    np.save(place / "vis_umap_coords.npy", points.astype(np.float32))
    torch.save(torch.from_numpy(vectors.astype(np.float32)), place / "embeddings.pt")
    torch.save(torch.from_numpy(label), place / "labels.pt")
    (place / "meta.json").write_text(json.dumps({"model": "made-up", "seed": seed}))
    _write_verdicts(place, names, label, wrong, margin, defects, rng)
    _write_centroid(place / "scores_centroid.csv", names, margin, defects)
    return place


def _features(rng: Any, label: Array, dimension: int, width: int) -> tuple[Array, Array, Array]:
    """Vectors, coordinates, and how far each sample is on its own side of the nearest border."""
    angle = 2 * np.pi * np.arange(len(CLASSES)) / len(CLASSES)
    centres = np.zeros((len(CLASSES), width))
    centres[:, 0], centres[:, 1] = 8 * np.cos(angle), 8 * np.sin(angle)
    points = centres[label] + rng.normal(0, 2.2, (len(label), width))
    basis = np.linalg.qr(rng.normal(size=(dimension, width)))[0].T
    vectors = points @ basis + rng.normal(0, 0.4, (len(label), dimension))
    vectors += 6 * np.eye(dimension)[0]
    away = np.linalg.norm(points[:, None] - centres[None], axis=2)
    own = away[np.arange(len(label)), label]
    away[np.arange(len(label)), label] = np.inf
    return vectors, points, away.min(axis=1) - own


def _write_metadata(path: Path, names: list[str], label: Array, rng: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(
            [
                "file_name",
                "ground_truth_num_label",
                "ground_truth_word_label",
                "ground_truth_L2_num_label",
                "site",
                "year",
                "slope",
                "surveyed",
                "remark",
            ]
        )
        for row, (name, number) in enumerate(zip(names, label.tolist(), strict=True)):
            slope = "" if row % 17 == 0 else f"{rng.gamma(2, 4):.2f}"
            remark = ("", "=wet", 'he said "bog"', "초지, 습함", "line\nbreak")[row % 5]
            site = f"{row % 97:03d}"
            done = ("True", "False")[row % 3 == 0]
            table.writerow(
                [
                    name,
                    number,
                    CLASSES[number],
                    number // 2,
                    site,
                    2019 + row % 5,
                    slope,
                    done,
                    remark,
                ]
            )


def _write_verdicts(
    place: Path,
    names: list[str],
    label: Array,
    wrong: Array,
    margin: Array,
    defects: Defects,
    rng: Any,
) -> None:
    cells: dict[str, list[tuple[str, str]]] = {MIS: [], CORRECT: []}
    order = [row for row in range(len(names)) if not _odd(row, len(names), defects)]
    broken, fenced = defects.broken, defects.fenced
    for row in order:
        if row % 10 == 9:
            continue  # nobody asked the model about every tenth
        table = MIS if wrong[row] else CORRECT
        score = round(float(1 / (1 + np.exp(-margin[row] / 3))), 3)
        said = f"The vegetation and structure suggest {CLASSES[label[row]].lower()}."
        cell = json.dumps({"score": score, "rationale": said})
        if broken:
            broken -= 1
            cell = BROKEN[broken % len(BROKEN)][0]
        elif fenced:
            fenced -= 1
            cell = f"```json\n{cell}\n```"
        cells[table].append((names[row], cell))
    for name, cell in cells[CORRECT][-defects.ambiguous :] if defects.ambiguous else []:
        cells[MIS].append((name, cell))
    for row in range(defects.strangers):
        cells[MIS].append((f"elsewhere_{row}.jpg", '{"score": 0.1, "rationale": "?"}'))
    cells[CORRECT] += cells[CORRECT][: defects.spoken_twice]
    for name, rows in cells.items():
        with (place / name).open("w", encoding="utf-8", newline="") as file:
            table_ = csv.writer(file)
            table_.writerow(["file_name", "rationale"])
            table_.writerows(rows)


def _odd(row: int, rows: int, defects: Defects) -> bool:
    """Whether the row's name is a defect, or stands there twice."""
    start = 1000 % rows
    return (
        row < defects.duplicates
        or start <= row < start + defects.duplicates
        or row >= rows - defects.escaping
    )


def _write_centroid(path: Path, names: list[str], margin: Array, defects: Defects) -> None:
    rank = np.argsort(np.argsort(margin)) / max(len(margin) - 1, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file_name", "sim_to_centroid", "pct_rank_in_class", "is_bottom_5pct"])
        for row, name in enumerate(names):
            bad = 100 <= row < 100 + defects.bad_centroids
            similarity = "nan" if bad else f"{1 / (1 + np.exp(-margin[row])):.6f}"
            table.writerow([name, similarity, f"{100 * rank[row]:.2f}", rank[row] < 0.05])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--defects", action="store_true")
    options = parser.parse_args()
    place = make_cache(options.folder, options.rows, defects=EVERY if options.defects else None)
    print(place / "metadata.csv")


if __name__ == "__main__":
    main()
