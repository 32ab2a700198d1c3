"""Models by name: a client names a key, the owner of the process decides which files there are.

A name never becomes a path.  A file is read at the first request, for which later ones wait, and
the least recently used model is dropped when there are more than ``keep``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...errors import InputError
from .model import SparsePixelTransformer
from .weights import DEFAULT_WEIGHTS, fingerprint, load_weights

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def trained_models(folder: str | Path) -> dict[str, Path]:
    """Models that were trained below a folder: ``NAME/best.safetensors``, else ``weights``.

    Names that a registry would not take are left out; no folder, no models.
    """
    found = {}
    for place in sorted(Path(folder).glob("*")):
        files = (place / "best.safetensors", place / "weights.safetensors")
        file = next((file for file in files if file.is_file()), None)
        if file is not None and _KEY.fullmatch(place.name):
            found[place.name] = file
    return found


class UnknownModelError(InputError):
    """No model of that name is registered."""


@dataclass(frozen=True)
class LoadedModel:
    """A model ready for inference, its key, and the fingerprint of its file."""

    key: str
    version: str
    model: SparsePixelTransformer


class ModelRegistry:
    """Names and the weight files behind them; ``default`` are the packaged ones if not given.

    InputError for a name that is not a plain word.
    """

    def __init__(
        self, files: Mapping[str, str | Path] | None = None, *, device: str = "cpu", keep: int = 4
    ) -> None:
        self._files = {"default": DEFAULT_WEIGHTS, **{k: Path(v) for k, v in (files or {}).items()}}
        for key in self._files:
            if not _KEY.fullmatch(key):
                raise InputError(
                    f"A model's name may have letters, digits, '.', '_' and '-', not {key!r}."
                )
        self._device = device
        self._loaded = lru_cache(max(1, keep))(self._load)
        self._lock = threading.Lock()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._files)

    def get(self, key: str) -> LoadedModel:
        """The model of a name, read from its file on first use.

        UnknownModelError without such a name, CheckpointError for a file that cannot be used.
        """
        if key not in self._files:
            known = ", ".join(self.keys)
            raise UnknownModelError(f"Unknown model {key[:64]!r}; known models: {known}.")
        # One lock for all names: reading a few MB is short, and no file is read twice.
        with self._lock:
            return self._loaded(key)

    def _load(self, key: str) -> LoadedModel:
        path = self._files[key]
        model = load_weights(path, self._device)
        return LoadedModel(key, fingerprint(path), model)
