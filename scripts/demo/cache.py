"""A feature cache of an embedded dataset: ``python -m gapsphere.scripts.demo.cache FOLDER``.

The classifier is a vote of the nearest owned images in embedding space, without the sample's own
sequence, so its errors are real.  The rationale is that vote as a sentence, not a language model's
answer, and the tables are named after it (``mis_nearest-votes.csv``).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from ...plugin.dataset.store.names import OWNED_TAG, SEQUENCE, Names
from ...plugin.dataset.store.vectors import vectors
from ...plugin.errors import InputError

MODEL = "nearest-votes"
VOTES = 15


def cache_of(dataset: Any, folder: str | Path, *, label: str) -> Path:
    """Write the cache into ``folder``; returns the folder that ``file_name`` is relative to."""
    import torch

    place = Path(folder)
    if (place / "metadata.csv").exists() and not (place / f"mis_{MODEL}.csv").exists():
        raise InputError(f"{place} holds a metadata.csv of something else: choose another folder.")
    place.mkdir(parents=True, exist_ok=True)
    found = vectors.read(dataset.exists(label), Names().embedding, unit=True)
    fields = ["filepath", "tags", label, *([SEQUENCE] if dataset.has_field(SEQUENCE) else [])]
    columns = dataset.select(found.ids, ordered=True).values(fields)
    paths, tags, classes = columns[:3]
    sequences = columns[3] if len(columns) == 4 else list(range(len(paths)))
    images = Path(os.path.commonpath([os.path.dirname(path) for path in paths]))
    names = [Path(path).relative_to(images).as_posix() for path in paths]
    owned = np.array([OWNED_TAG in of for of in tags])
    votes = _votes(found.matrix, owned, classes, np.array(sequences, dtype=object))
    numbers = {word: number for number, word in enumerate(sorted(set(classes)))}
    head = ["file_name"] + [f"ground_truth_{w}_label" for w in ("num", "word", "L2_num")]
    rows = [
        [name, numbers[word], word, numbers[word], of[0] if of else "", sequence]
        for name, word, of, sequence in zip(names, classes, tags, sequences, strict=True)
    ]
    _write(place / "metadata.csv", [*head, "split", SEQUENCE], rows)
    tables: dict[str, list[list[str]]] = {"mis": [], "correct": []}
    for name, word, vote in zip(names, classes, votes, strict=True):
        predicted, _ = vote.most_common(1)[0]
        count = ", ".join(f"{number} {one}" for one, number in vote.most_common())
        score = round(vote[word] / vote.total(), 3)
        text = f"Of the {vote.total()} nearest owned images of other drives: {count}."
        cell = json.dumps({"score": score, "rationale": text}, ensure_ascii=False)
        tables["correct" if predicted == word else "mis"].append([name, cell, predicted])
    for outcome, cells in tables.items():
        _write(place / f"{outcome}_{MODEL}.csv", ["file_name", "rationale", "prediction"], cells)
    centred = found.matrix - found.matrix.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    np.save(place / "vis_umap_coords.npy", (centred @ axes.T).astype(np.float32))
    torch.save(torch.from_numpy(found.matrix), place / "embeddings.pt")
    (place / "meta.json").write_text(json.dumps({"model": MODEL, "coordinates": "PCA"}))
    return images


def _votes(matrix: Any, owned: Any, classes: list[str], sequences: Any) -> list[Counter[str]]:
    """The classes of the nearest owned images outside each sample's own sequence."""
    rows = np.flatnonzero(owned)
    away = 1 - matrix @ matrix[rows].T
    away[sequences[:, None] == sequences[rows][None]] = np.inf
    nearest = rows[np.argsort(away, axis=1, kind="stable")[:, :VOTES]]
    return [Counter(classes[row] for row in near) for near in nearest.tolist()]


def _write(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--dataset", default="gapsphere-demo", help="embedded, with S and U")
    parser.add_argument("--label", default="weather", help="field to predict")
    options = parser.parse_args()
    import fiftyone as fo

    try:
        images = cache_of(fo.load_dataset(options.dataset), options.folder, label=options.label)
    except InputError as error:
        parser.error(str(error))
    print(
        f"gapsphere import-features --cache-dir {options.folder} --image-dir {images} "
        f"--mis-csv mis_{MODEL}.csv --correct-csv correct_{MODEL}.csv --dataset demo-cache"
    )


if __name__ == "__main__":
    main()
