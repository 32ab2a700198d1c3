"""A tensor in a ``.pt`` file that came from anywhere: no code of it runs, and no lie costs memory.

``torch.load(weights_only=True)`` unpickles tensors only.  Two things it lets pass are looked at
here: an archive that unpacks into more than it is, and a tensor whose strides repeat one number
until it claims terabytes.
"""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ArtifactError, first_line
from ..files.checked import ZIP_DAMAGE, open_zip, refuse_no_file

WIDTH_LIMIT = 1 << 16
"""Numbers of one row at most."""
_UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
)


def read_pt(path: Path, *, preferred: str) -> NDArray[Any]:
    """The tensor of a ``.pt`` file as an array: float32, or int64 where it holds whole numbers.

    Parameters
    ----------
    preferred
        Which one, where the file holds a dictionary with several.

    Raises
    ------
    ArtifactError
        Not such a file, anything but tensors in it, or a claim to more than it holds.
    """
    import torch

    _check_archive(path)
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise ArtifactError(
            f"{path.name} cannot be read without running code of it ({first_line(error)[:200]}); "
            "save the plain tensor again with torch.save."
        ) from error
    tensor = _chosen(held, preferred, path.name)
    held_here = tensor.layout == torch.strided and tensor.device.type == "cpu"  # not "meta"
    stored = tensor.untyped_storage().nbytes() if held_here else -1
    if tensor.numel() * tensor.element_size() > stored:
        raise ArtifactError(
            f"{path.name} claims the shape {tuple(tensor.shape)} and does not hold that many "
            "numbers; save it again with torch.save(tensor.contiguous(), ...)."
        )
    if tensor.ndim == 2 and tensor.shape[1] > WIDTH_LIMIT:
        raise ArtifactError(f"{path.name} has {tensor.shape[1]} numbers a row: no embedding has.")
    if tensor.is_complex() or tensor.is_quantized:
        raise ArtifactError(f"{path.name} holds {tensor.dtype}; save it again as float32.")
    kind = torch.float32 if tensor.is_floating_point() else torch.int64
    array: NDArray[Any] = np.ascontiguousarray(tensor.detach().to(kind).numpy())
    return array


def _check_archive(path: Path) -> None:
    refuse_no_file(path)
    try:
        size = path.stat().st_size
        with open_zip(path) as archive:
            packed = any(i.compress_type != zipfile.ZIP_STORED for i in archive.infolist())
            claimed = sum(i.file_size for i in archive.infolist())
    except OSError as error:
        raise ArtifactError(f"{path.name} cannot be read: {error.strerror}.") from error
    except ZIP_DAMAGE as error:
        raise ArtifactError(
            f"{path.name} is not a file of torch.save (PyTorch 1.6 or later): save it again."
        ) from error
    if packed or claimed > size:
        raise ArtifactError(
            f"{path.name} unpacks into {claimed} bytes and has {size}: torch.save does not write "
            "such files."
        )


def _chosen(held: Any, preferred: str, name: str) -> Any:
    import torch

    if isinstance(held, dict):
        tensors = {key: value for key, value in held.items() if isinstance(value, torch.Tensor)}
        lone = next(iter(tensors.values())) if len(tensors) == 1 else None
        held = tensors.get(preferred, lone)
    if not isinstance(held, torch.Tensor):
        raise ArtifactError(f"{name} has to hold one tensor, or one called {preferred!r}.")
    return held
