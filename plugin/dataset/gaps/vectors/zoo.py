"""Encoders that only FiftyOne has: its zoo models, and vectors that already lie in a field.

A zoo model brings its own transforms; they run in the decoding threads as its data loader would.
"""

from __future__ import annotations

import hashlib
from typing import Any, cast

import fiftyone.zoo as foz
import numpy as np
from fiftyone.core.models import EmbeddingsMixin, Model
from numpy.typing import NDArray
from PIL import Image

from ....encoders.checkpoint.offline import is_offline
from ....encoders.pooling import refuse_rows
from ....encoders.preprocessing import Region
from ....encoders.protocol import unit_rows
from ....encoders.registry import EncoderRequest, register
from ....errors import InputError


class ZooEncoder:
    """A FiftyOne model that has embeddings, as an encoder.

    Parameters
    ----------
    model
        A loaded model, or the name of one in FiftyOne's zoo.
    region
        Sky mask and region of interest, applied before the model's own transforms.

    Raises
    ------
    InputError
        The zoo has no such model, or the model has no embeddings.
    """

    def __init__(self, model: str | Model, region: Region | None = None) -> None:
        if isinstance(model, str):
            if model not in foz.list_zoo_models():
                raise InputError(f"FiftyOne's zoo has no model {model!r} (foz.list_zoo_models()).")
            if is_offline() and model not in foz.list_downloaded_zoo_models():
                raise InputError(
                    f"The zoo's model {model!r} is not on this machine, and the App fetches "
                    f"nothing: run foz.download_zoo_model({model!r}) in Python once."
                )
            self.name, model = f"zoo:{model}", foz.load_zoo_model(model)
        else:
            self.name = f"zoo:{type(model).__name__}"
        if not isinstance(model, EmbeddingsMixin) or not model.has_embeddings:
            raise InputError(f"{self.name} has no embeddings: choose another model.")
        self.model = cast(Any, model)
        self.region = region or Region()
        # Transforms run in our threads; the model must not apply them again.
        self.transforms = None if self.model.ragged_batches else self.model.transforms
        if self.transforms is not None:
            self.model.preprocess = False
        probe = self.embed(np.stack([self.prepare(Image.new("RGB", (64, 64), (90, 120, 60)))] * 2))
        self.dimension = probe.shape[1]
        self.patch_grid = (1, 1)
        self.fingerprint = _fingerprint(self.name, self.model, self.region, probe)

    def prepare(self, image: Image.Image) -> NDArray[Any]:
        """The image as the model's transforms leave it.

        A model that takes images of any size gets each as it is, boxed as one object, so that a
        batch can hold several sizes.
        """
        image = self.region.apply(image)
        if self.transforms is not None:
            return np.asarray(self.transforms(image))
        box = np.empty((), object)
        box[()] = np.asarray(image)
        return box

    def embed(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Embeddings (n, dimension) float32, unit rows; NaN where the model gave no direction."""
        if self.transforms is None:
            rows = np.stack([np.asarray(self.model.embed(image)).ravel() for image in batch])
        else:
            import torch

            rows = np.asarray(self.model.embed_all(torch.from_numpy(batch)))
        return unit_rows(rows.reshape(len(batch), -1))


def register_zoo() -> None:
    """Let ``load_encoder("zoo", model_path=NAME)`` find FiftyOne's models."""
    register("zoo", _load)


def _load(request: EncoderRequest) -> ZooEncoder:
    if not request.model_path:
        raise InputError("encoder `zoo` needs model_path: the name of a model in FiftyOne's zoo.")
    refuse_rows(request.pooling, f"zoo:{request.model_path}")
    return ZooEncoder(request.model_path, request.preprocess)


def _fingerprint(name: str, model: Any, region: Region, probe: NDArray[np.float32]) -> str:
    """Hash of the weights where torch shows them, else of what the model makes of a fixed image."""
    digest = hashlib.sha256(f"{name}|{region}".encode())
    module = getattr(model, "_model", None)
    state: dict[str, Any] = module.state_dict() if module is not None else {}
    for key, tensor in sorted(state.items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    if not state:
        digest.update(np.round(probe, 4).tobytes())
    return digest.hexdigest()[:32]
