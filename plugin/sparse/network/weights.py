"""Weights as safetensors, with the sizes they belong to.

A file has only tensors and text, so opening one runs no code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ...errors import CheckpointError, first_line
from ...interchange.files.checked import write_whole
from .model import ModelConfig, SparsePixelTransformer

DEFAULT_WEIGHTS = Path(__file__).parent / "packaged" / "doom-grey.safetensors"
"""Trained on ViZDoom's frames, 128 x 128, grey; ``doom-grey.jsonl`` beside it is the log."""

FORMAT = "gapsphere-sparse-1"


def save_weights(
    model: SparsePixelTransformer, path: str | Path, *, half: bool = False, **notes: Any
) -> None:
    """Write weights, sizes and notes; ``half`` stores 16-bit floats.  Replaces the file at once."""
    import torch
    from safetensors.torch import save

    kind = torch.float16 if half else torch.float32
    tensors = {k: v.detach().cpu().to(kind).contiguous() for k, v in model.state_dict().items()}
    meta = {
        "format": FORMAT,
        "config": json.dumps(asdict(model.config)),
        "notes": json.dumps(notes),
    }
    write_whole(Path(path), lambda file: file.write(save(tensors, meta)))


def load_weights(path: str | Path = DEFAULT_WEIGHTS, device: str = "cpu") -> SparsePixelTransformer:
    """The model of a file, ready for inference; CheckpointError where the file cannot be used."""
    path = Path(path)
    instead = " Give the file with the weights."
    tensors, meta = read_tensors(path, "sparse-sampling weights", instead)
    if meta.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} is not a file of sparse-sampling weights: its format is not {FORMAT}."
        )
    try:
        values = json.loads(meta["config"])
        config = ModelConfig(**{f.name: values[f.name] for f in fields(ModelConfig)})
        _refuse_others(tensors, config)
        model = SparsePixelTransformer(config)
        model.load_state_dict({k: v.float() for k, v in tensors.items()})
    except (KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
        said = first_line(error)
        raise CheckpointError(f"{path} does not fit its own configuration: {said}") from error
    model.requires_grad_(False)
    return model.eval().to(device)


def read_tensors(path: Path, what: str, instead: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Tensors and texts of a file; CheckpointError, with what to do ``instead``, if it has none."""
    from safetensors import SafetensorError, safe_open

    if path.exists() and not path.is_file():  # a named pipe would be waited for
        raise CheckpointError(f"{path} is not a file.{instead}")
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read as {what}: {error}.{instead}") from error


def _refuse_others(tensors: dict[str, Any], config: ModelConfig) -> None:
    """ValueError where tensors are not those of a model of these sizes, which is not made yet.

    Sizes are a few numbers of text, and what they ask for may be any memory.
    """
    import torch

    with torch.device("meta"):
        wanted = SparsePixelTransformer(config).state_dict()
    for name, tensor in wanted.items():
        if name not in tensors or tensors[name].shape != tensor.shape:
            raise ValueError(f"{name} is missing or has another shape.")
        if not bool(torch.isfinite(tensors[name]).all()):
            raise ValueError(f"{name} holds NaN or infinity.")


def fingerprint(path: str | Path) -> str:
    """First 16 hex digits of the file's SHA-256: which weights a result was made with."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
