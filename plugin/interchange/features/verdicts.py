"""Which tables hold what a language model said, and what they say together of one sample.

A model has a table of the images that were classified wrongly and one of those that were not; the
table that names a sample decides its status.  Several models can stand side by side.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ...errors import InputError
from ..files.file_names import as_on_disk
from ..files.listed_paths import without_scheme
from ..tables.csv_stream import CsvFile, open_csv
from .rationales import Rationale, parse_rationale

Status = Literal["correct", "misclassified", "ambiguous", "unknown"]
FILE_NAME, RATIONALE = "file_name", "rationale"
MIS, CORRECT = "misclassified", "correct"


@dataclass(frozen=True)
class Verdicts:
    """The tables of one language model; ``suffix`` is "" for the one that was named first."""

    model: str
    suffix: str
    misclassified: CsvFile | None
    correct: CsvFile | None
    extra: tuple[str, ...] = ()
    """Columns beside ``file_name`` and ``rationale``, such as a predicted class."""

    def files(self) -> Iterator[tuple[str, CsvFile]]:
        for outcome, file in ((MIS, self.misclassified), (CORRECT, self.correct)):
            if file is not None:
                yield outcome, file

    @property
    def decimal_comma(self) -> bool:
        """Whether a comma may begin decimals in every one of the tables."""
        return all(file.dialect.decimal_comma for _, file in self.files())


@dataclass(frozen=True)
class ModelAnswer:
    """What one model's files hold of one sample."""

    status: Status
    rationale: Rationale
    extra: Mapping[str, str] = field(default_factory=dict)


def said_of(spoken: Mapping[str, tuple[str, Mapping[str, str]]]) -> ModelAnswer:
    """Join what a model's tables hold of one sample, by outcome: cell ``rationale``, other cells.

    Where both tables name it, both rationales are kept, and the score is the one of the
    misclassification, if it is a number.
    """
    if not spoken:
        return ModelAnswer("unknown", Rationale())
    read = {outcome: parse_rationale(cell) for outcome, (cell, _) in spoken.items()}
    extra = {name: cell for _, more in spoken.values() for name, cell in more.items()}
    if len(read) == 1:
        ((outcome, rationale),) = read.items()
        return ModelAnswer("misclassified" if outcome == MIS else "correct", rationale, extra)
    pair = [read[MIS], read[CORRECT]]
    scores = [one.score for one in pair if one.score is not None]
    texts = [
        f"{title}: {one.text or one.raw or '-'}"
        for title, one in zip(("As misclassified", "As correct"), pair, strict=True)
    ]
    raws = [spoken[MIS][0], spoken[CORRECT][0]]
    both = Rationale(
        scores[0] if scores else None,
        "\n\n".join(texts),
        "\n\n".join(raws),
        "; ".join(dict.fromkeys(one.problem for one in pair if one.problem)),
        next((one.note for one in pair if one.note), ""),
    )
    return ModelAnswer("ambiguous", both, extra)


def named_file(folder: Path, word: str, optional: Sequence[str]) -> Path | None:
    """A file that was named; None where it is not there and need not be."""
    if not word:
        return None
    path = Path(as_on_disk(folder, os.path.expanduser(without_scheme(word))))
    if path.is_file():
        return path
    if word in optional:
        return None
    raise InputError(f"There is no file {path}.")


def find_verdicts(
    folder: Path, mis_csv: str, correct_csv: str, optional: Sequence[str]
) -> tuple[Verdicts, ...]:
    """Pairs of files by the model in their names, in the order they were named."""
    tables: dict[str, dict[str, CsvFile]] = {}
    listed = {MIS: mis_csv, CORRECT: correct_csv}
    words = {outcome: _words(folder, text) for outcome, text in listed.items()}
    lone = all(len(found) == 1 for found in words.values())  # one pair, whatever it is called
    for outcome, names in words.items():
        for word in names:
            path = named_file(folder, word, optional)
            if path is None:
                continue
            model = model_of(words[MIS][0] if lone else word)
            if outcome in tables.setdefault(model, {}):
                raise InputError(f"Two files say what {model!r} holds for {outcome}: name one.")
            tables[model][outcome] = open_csv(path, required=(FILE_NAME, RATIONALE))
    found: list[Verdicts] = []
    taken = {""}
    for model, pair in tables.items():
        suffix = re.sub(r"\W+", "_", model).strip("_").lower() if found else ""
        if found and suffix in taken:
            raise InputError(f"Two language models are called {model!r}: rename their files.")
        taken.add(suffix)
        extra = dict.fromkeys(
            name
            for file in pair.values()
            for name in file.header
            if name not in (FILE_NAME, RATIONALE) and not name.startswith("review_")
        )
        found.append(Verdicts(model, suffix, pair.get(MIS), pair.get(CORRECT), tuple(extra)))
    return tuple(found)


def _words(folder: Path, text: str) -> list[str]:
    if "," not in text or (folder / text).is_file():
        return [text] if text else []
    return [word.strip() for word in text.split(",") if word.strip()]


def model_of(name: str) -> str:
    """The language model that a file is called after.

    >>> model_of("mis_Qwen_Qwen3-VL-4B-Instruct.csv"), model_of("your_correct.csv")
    ('Qwen_Qwen3-VL-4B-Instruct', 'your')
    """
    stem = Path(name).name.removesuffix(".csv")
    return re.sub(r"^(mis|correct)_|_(mis|correct)$", "", stem) or stem
