"""FiftyOne's own models as encoders: none can be downloaded here, so one is made."""

import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings, open_encoder
from gapsphere.plugin.dataset.gaps.vectors.zoo import ZooEncoder
from gapsphere.plugin.encoders.preprocessing import Region
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.steps import EmbeddingParams
from PIL import Image


def network():
    import torch

    torch.manual_seed(3)
    return torch.nn.Conv2d(3, 6, 8, stride=8)


def make_model(batches: bool):
    """A model by FiftyOne's own interface; with ``batches`` its transforms give tensors."""
    import torch
    from fiftyone.core.models import EmbeddingsMixin, Model

    class Features(Model, EmbeddingsMixin):
        def __init__(self):
            self._model = network()
            self._preprocess = True

        @property
        def media_type(self):
            return "image"

        @property
        def has_embeddings(self):
            return True

        @property
        def ragged_batches(self):
            return not batches

        @property
        def transforms(self):
            def pixels(image):
                image = Image.fromarray(np.asarray(image)).resize((32, 32))
                return torch.from_numpy(np.asarray(image, np.float32) / 127.5 - 1).permute(2, 0, 1)

            return pixels

        @property
        def preprocess(self):
            return self._preprocess

        @preprocess.setter
        def preprocess(self, value):
            self._preprocess = value

        def predict(self, arg):
            raise AssertionError("nobody asked for a prediction")

        def embed(self, arg):
            return self.embed_all([arg])[0]

        def embed_all(self, args):
            if self._preprocess:
                args = torch.stack([self.transforms(arg) for arg in args])
            with torch.no_grad():
                return self._model(args).flatten(1).numpy()

    return Features()


@pytest.fixture(params=[True, False], ids=["batches", "one-by-one"])
def model(request):
    return make_model(request.param)


def test_a_fiftyone_model_embeds_as_unit_rows(model):
    encoder = ZooEncoder(model)
    sizes = {"red": (80, 60), "navy": (64, 64), "white": (33, 200)}
    images = [Image.new("RGB", size, colour) for colour, size in sizes.items()]
    rows = encoder.embed(np.stack([encoder.prepare(image) for image in images]))
    assert rows.shape == (3, encoder.dimension)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    alone = encoder.embed(encoder.prepare(images[1])[None])
    np.testing.assert_allclose(alone[0], rows[1], atol=1e-5)


def test_its_vectors_are_those_of_fiftyones_own_loop(model, loaded):
    compute_embeddings(loaded, encoder=ZooEncoder(model))
    model.preprocess = True
    theirs = loaded.compute_embeddings(model)
    theirs = theirs / np.linalg.norm(theirs, axis=1, keepdims=True)
    np.testing.assert_allclose(np.stack(loaded.values("embedding")), theirs, atol=1e-5)


def test_the_fingerprint_follows_weights_and_region(model):
    import torch

    first = ZooEncoder(model).fingerprint
    assert ZooEncoder(model).fingerprint == first
    assert ZooEncoder(model, Region(sky_crop_top_pct=0.3)).fingerprint != first
    with torch.no_grad():
        model._model.weight += 0.1
    assert ZooEncoder(model).fingerprint != first


def test_a_name_that_the_zoo_does_not_have_is_a_sentence():
    with pytest.raises(InputError, match="no model 'nope'"):
        open_encoder(EmbeddingParams(encoder="zoo", model_path="nope"))
    with pytest.raises(InputError, match="needs model_path"):
        open_encoder(EmbeddingParams(encoder="zoo"))


def test_it_has_no_patch_grid_to_keep_rows_of():
    with pytest.raises(InputError, match="without a patch grid: leave pooling empty"):
        open_encoder(EmbeddingParams(encoder="zoo", model_path="any", pooling="rows"))
