"""Cards in place of images that are not on this machine, in a folder of the dataset's own.

FiftyOne deletes a dataset but not its media, so these files stay as well; an import reports their
folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fiftyone as fo

from ...errors import ArtifactError, InputError
from ...interchange.features.feature_cache import WORD_LABEL
from ...report.card import Card, draw_card
from ..store import places
from ..store.names import ReviewNames

WORKERS = 2
_CARD = re.compile(r"([0-9a-f]{2})/\.?\1[0-9a-f]{30}\.png(\.\w+)?")
"""Files of cards; what a killed import was writing begins with a dot and has another ending."""


class CardFolder:
    """The cards of one dataset.

    A card's file is named after what it shows: an existing one is right, and a sample that has
    changed gets a card of another name.
    """

    def __init__(self, dataset: fo.Dataset) -> None:
        self.folder = places.cards(dataset)
        self.drawn = 0
        self._used: set[str] = set()
        self._waiting: list[tuple[Card, Path]] = []
        self._names = ReviewNames()

    def path(self, file_name: str, values: Mapping[str, Any]) -> str:
        """The card of a sample; :meth:`draw` makes those that are missing."""
        card = Card(
            file_name,
            values.get(WORD_LABEL) or "",
            values.get(self._names.prediction_status) or "unknown",
            values.get(self._names.llm_score),
        )
        relative = card.file_name()
        path = self.folder / relative
        self._used.add(relative)
        if not path.exists():
            places.inside(path.parent)
            self._waiting.append((card, path))
        return str(path)

    def holds(self, path: str) -> bool:
        """Whether a file is a card, of this dataset or of one that it was cloned from."""
        return Path(path).is_relative_to(self.folder.parent)

    def draw(self) -> None:
        """Draw what is missing."""
        waiting, self._waiting = self._waiting, []
        try:
            with ThreadPoolExecutor(WORKERS) as workers:
                list(workers.map(lambda item: draw_card(*item), waiting))
        except ArtifactError as error:
            raise InputError(
                f"{error} Cards stand in for the images: giving their folder avoids them."
            ) from error
        self.drawn += len(waiting)

    def sweep(self) -> None:
        """Remove cards that no row of the whole import shows, and those a kill left half drawn."""
        for root, _, names in os.walk(self.folder):
            for name in names:
                path = f"{os.path.basename(root)}/{name}"
                if _CARD.fullmatch(path) and path not in self._used:
                    os.unlink(os.path.join(root, name))
