"""Where trained reconstruction models lie, so that operators and servers choose them by name.

The folder is this installation's, beside FiftyOne's datasets: a model trained on one dataset serves
another.  Names are all that a form or a client ever gives.
"""

from __future__ import annotations

from pathlib import Path

import fiftyone as fo

from ..encoders.device import choose_device
from ..sparse.registry import ModelRegistry, trained_models


def models_folder() -> Path:
    """A folder a model: checkpoint, log, weights."""
    return Path(fo.config.default_dataset_dir) / "gapsphere" / "sparse_models"


def model_names() -> list[str]:
    """``default`` (packaged) and what was trained here."""
    names = [name for name in trained_models(models_folder()) if name != "default"]
    return ["default", *names]


def open_registry(device: str | None = None) -> ModelRegistry:
    """The models by name, on a device; a trained ``default`` never hides the packaged one."""
    files = {name: file for name, file in trained_models(models_folder()).items()}
    files.pop("default", None)
    return ModelRegistry(files, device=str(choose_device(device)))
