"""The reconstruction models trained here, which operators and servers choose by name.

Names are all that a form or a client ever gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...encoders.device import choose_device
from ...errors import InputError
from ...interchange.files.listed_paths import local_path
from ...sparse.network.registry import ModelRegistry, trained_models
from ..store import places


def trained_here() -> dict[str, Path]:
    """Weights by name; one named ``default`` never hides the packaged model."""
    found = trained_models(places.sparse_models())
    return {name: file for name, file in found.items() if name != "default"}


def model_names() -> list[str]:
    """``default`` (packaged) and what was trained here."""
    return ["default", *trained_here()]


def open_registry(
    device: str | None = None, more: Mapping[str, str | Path] | None = None
) -> ModelRegistry:
    """The models by name, on a device; those in ``more`` hide trained ones of the same name.

    InputError where one of ``more`` is no file: it would only be missed by who asks for it.
    """
    named = {name: local_path(path) for name, path in (more or {}).items()}
    for name, path in named.items():
        if not path.is_file():
            raise InputError(f"The model {name!r}: {path} is not a file.")
    return ModelRegistry({**trained_here(), **named}, device=str(choose_device(device)))
