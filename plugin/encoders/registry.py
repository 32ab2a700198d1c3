"""Which encoder runs: names to loaders, and the rule behind ``auto``.

Loaders are looked up by name and import what they need when they are called, so that reading this
module costs nothing.  Other packages add theirs with :func:`register`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import InputError
from .pooling import Pooling
from .preprocessing import WHOLE_IMAGE, Region
from .protocol import Encoder

if TYPE_CHECKING:
    import torch

INTERNVL_VARIABLE = "INTERNVL2_PATH"


@dataclass(frozen=True)
class EncoderRequest:
    """The arguments of :func:`load_encoder`; a loader reads what concerns it."""

    model_path: str | None = None
    image_size: int = 448
    include_cls: bool = False
    precision: str | None = None
    device: str | torch.device | None = None
    preprocess: Region = WHOLE_IMAGE
    pooling: Pooling | None = None


Loader = Callable[[EncoderRequest], Encoder]
_loaders: dict[str, Loader] = {}


def register(name: str, loader: Loader) -> None:
    """Add the loader of an encoder, or replace the one of that name; ``auto`` is taken."""
    if not name or name == "auto":
        raise InputError(f"an encoder cannot be registered as {name!r}")
    _loaders[name] = loader


def encoder_names() -> list[str]:
    """Names that :func:`load_encoder` knows, ``auto`` first."""
    return ["auto", *sorted(_loaders)]


def load_encoder(
    encoder: str = "auto",
    *,
    model_path: str | os.PathLike[str] | None = None,
    image_size: int = 448,
    include_cls: bool = False,
    precision: str | None = None,
    device: str | torch.device | None = None,
    preprocess: Region = WHOLE_IMAGE,
    pooling: Pooling | None = None,
) -> Encoder:
    """Load an encoder by name.

    Parameters
    ----------
    encoder : str
        ``internvl``, ``packaged``, ``transformers``, or a registered name.  ``auto`` takes
        ``model_path`` if given (``internvl`` or ``transformers``, as its config.json says), else
        the InternVL checkpoint that the environment variable INTERNVL2_PATH names, else
        ``packaged``.
    model_path : path or str or None
        A checkpoint folder, or the id of a model repository such as ``OpenGVLab/InternVL2-8B``
        (``@`` and a revision may follow).  The hub is asked only for an id.
    image_size : int
        Side in pixels that ``internvl`` reads, a multiple of 14; the others read the size their
        weights were trained with.
    include_cls : bool
        Let the CLS token take part in the mean over patch tokens.
    precision : "fp32", "bf16", "fp16" or None
        None lets the device decide; see :func:`~.device.choose_precision`.
    device : str or None
        ``cuda``, ``cuda:1``, ``mps``, ``cpu``; None takes CUDA if there is one.
    preprocess : Region
        Part of the image that counts.
    pooling : "mean", "rows" or None
        The mean of all patches, or their rows kept apart (see :mod:`.pooling`); None is ``rows``
        for ``packaged`` and ``mean`` for the others.

    Raises
    ------
    InputError
        An unknown name, or an option that this encoder does not have.
    CheckpointError
        The checkpoint is incomplete or not what its configuration says.
    MissingDependencyError
        An optional package is missing.

    Examples
    --------
    >>> from PIL import Image
    >>> encoder = load_encoder("packaged")
    >>> encoder.embed(encoder.prepare(Image.new("RGB", (64, 48)))[None]).shape
    (1, 1280)
    """
    if model_path is not None and not str(model_path).strip():
        model_path = None
    path = None if model_path is None else os.fspath(model_path)
    name = encoder
    if encoder == "auto":
        if path is None:
            path = os.environ.get(INTERNVL_VARIABLE) or None
            name = "internvl" if path else "packaged"
        else:
            name = _family(path)
    if name not in _loaders:
        raise InputError(f"encoder {encoder!r} is unknown; use one of {', '.join(encoder_names())}")
    return _loaders[name](
        EncoderRequest(path, image_size, include_cls, precision, device, preprocess, pooling)
    )


def _family(path: str) -> str:
    """``internvl`` or ``transformers``, as the checkpoint's own configuration says."""
    from .checkpoint.hub import read_config
    from .checkpoint.internvl_checkpoint import is_internvl

    return "internvl" if is_internvl(read_config(path)) else "transformers"


def _on_demand(module: str, function: str) -> Loader:
    """A loader of this package whose module is imported when it is called."""

    def load(request: EncoderRequest) -> Encoder:
        loader: Loader = getattr(import_module(f".{module}", __package__), function)
        return loader(request)

    return load


_loaders.update(
    internvl=_on_demand("internvl", "load_internvl"),
    packaged=_on_demand("packaged", "load_packaged"),
    transformers=_on_demand("transformers_vision", "load_transformers"),
)
