"""Where a model runs and in which precision, decided once and said aloud.

Half precision is the default wherever the machine multiplies it natively: InternViT's weights are
released in bfloat16, and bfloat16 keeps float32's range, so nothing overflows.  Elsewhere half
precision is emulated, slower than float32, and would lose accuracy for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    import torch

PRECISIONS = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def choose_device(device: str | torch.device | None = None) -> torch.device:
    """Give the device to run on: the one named, else CUDA if there is one, else the CPU.

    Raises
    ------
    InputError
        The named device is unknown or not on this machine.
    """
    import torch

    if device is None or str(device) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError as error:
        raise InputError(f"device {device!r} is unknown; use cuda, cuda:1, mps or cpu") from error
    here = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (chosen.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not here.get(chosen.type, False):
        raise InputError(f"device {str(device)!r} is not available here; leave it out, or use cpu")
    return chosen


def choose_precision(precision: str | None, device: torch.device) -> tuple[str, torch.dtype]:
    """Give the precision's short name and dtype: the one named, else what the device does natively.

    Raises
    ------
    InputError
        An unknown precision.
    """
    import torch

    if precision is None:
        precision = "bf16" if _multiplies_bf16(device) else "fp32"
    if precision not in PRECISIONS:
        raise InputError(f"precision {precision!r} is unknown; use one of {', '.join(PRECISIONS)}")
    return precision, getattr(torch, PRECISIONS[precision])


def _multiplies_bf16(device: torch.device) -> bool:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    # torch has no public question for this; an older or newer torch without it means float32.
    answers = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, answer, bool)()) for answer in answers)
