"""What encoders answer: attention from the network itself, gradients against autograd's own."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from gapsphere.plugin.attention.explain import Explainer, Question
from gapsphere.plugin.attention.gradient import gradient_rollout
from gapsphere.plugin.attention.towers import Tower
from gapsphere.plugin.encoders.pooling import projection, row_means
from gapsphere.plugin.encoders.preprocessing import Region
from gapsphere.plugin.encoders.registry import load_encoder
from gapsphere.plugin.errors import DimensionError, InputError
from gapsphere.tests.support.rollout import whole_rollout
from PIL import Image

VIT = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 56,
    "patch_size": 14,
}
PROCESSOR = {
    "image_processor_type": "BitImageProcessor",
    "size": {"height": 56, "width": 56},
    "do_center_crop": False,
    "resample": 2,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}
PLAIN = {
    "Dinov2": ("Dinov2Config", "Dinov2Model", {}, 1),
    "Dinov2WithRegisters": (
        "Dinov2WithRegistersConfig",
        "Dinov2WithRegistersModel",
        {"num_register_tokens": 2},
        3,
    ),
    "DINOv3": ("DINOv3ViTConfig", "DINOv3ViTModel", {"num_register_tokens": 4}, 5),
    "Siglip": ("SiglipVisionConfig", "SiglipVisionModel", {}, 0),
    "CLIP": ("CLIPVisionConfig", "CLIPVisionModel", {}, 1),
    "ViT": ("ViTConfig", "ViTModel", {}, 1),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """``saved("ViT")``: a random model of the transformers library, loaded as an encoder."""

    def make(config, model, settings, *, include_cls=False):
        folder = tmp_path_factory.mktemp(model)
        torch.manual_seed(0)
        made = getattr(transformers, model)(getattr(transformers, config)(**settings))
        with torch.no_grad():
            for weight in made.parameters():
                weight.add_(torch.randn_like(weight) * 0.1)
        made.save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(PROCESSOR))
        return load_encoder(
            "transformers",
            model_path=folder,
            device="cpu",
            precision="fp32",
            include_cls=include_cls,
        )

    return make


def scores_of(encoder, batch):
    """All attentions as the library itself returns them, layers first."""
    network = encoder.module
    before = network.config._attn_implementation
    network.set_attn_implementation("eager")
    pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32)
    with torch.no_grad():
        attentions = network(pixel_values=pixels, output_attentions=True).attentions
    network.set_attn_implementation(before)
    return np.stack([a.numpy() for a in attentions])


def full(layers, start, residual=0.5):
    product = np.eye(layers.shape[-1])
    for layer in layers.astype(np.float64).mean(axis=1):
        mixed = (1 - residual) * layer + residual * np.eye(len(layer))
        product = mixed / mixed.sum(1, keepdims=True) @ product
    return start @ product


@pytest.mark.parametrize("family", PLAIN)
def test_models_of_the_library_are_rolled_out_over_their_own_attention(family, saved, noise):
    config, model, more, front = PLAIN[family]
    encoder = saved(config, model, VIT | more)
    before = encoder.embed(noise)
    maps = Explainer(encoder, Question()).maps(noise)
    assert maps.shape == (3, 4, 4)
    # Afterwards the encoder is as before: same attention kernel, same vectors, no hook left.
    assert not any(part._forward_hooks for part in encoder.module.modules())
    assert np.array_equal(encoder.embed(noise), before)
    layers = scores_of(encoder, noise)
    start = np.zeros(front + 16)
    start[front:] = 1 / 16
    for i, found in enumerate(maps):
        expected = full(layers[:, i], start)[front:]
        np.testing.assert_allclose(found.ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize("about", ["attention", "new"])
@pytest.mark.parametrize("start", ["mean", "cls", "point"])
def test_a_smaller_input_is_the_image_at_half_size(start, about, random_vit, noise):
    """Reading 8 x 8 patches halved is reading, with 4 x 4 patches, the image averaged down."""
    encoder = random_vit(grid=8)
    pixels = np.repeat(np.repeat(noise, 2, axis=1), 2, axis=2)  # each pixel four times
    queries = encoder.embed(pixels[::-1]) if about == "new" else None
    halved = Explainer(encoder, Question(about, start))
    assert halved.read_smaller()
    assert halved.grid == (4, 4)
    found = halved.maps(pixels, queries, [9, 36, 63] if start == "point" else None)
    small = replace(encoder, pixels=replace(encoder.pixels, height=56, width=56), patch_grid=(4, 4))
    asked = [0 * 4 + 0, 2 * 4 + 2, 3 * 4 + 3] if start == "point" else None
    expected = Explainer(small, Question(about, start)).maps(noise, queries, asked)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)
    assert not halved.read_smaller(), "2 x 2 patches say nothing"
    assert halved.grid == (4, 4)


def test_convolutions_read_smaller_and_a_network_of_one_size_says_so(saved, noise):
    explainer = Explainer(load_encoder("packaged", device="cpu"), Question())
    assert explainer.read_smaller()
    assert explainer.maps(np.zeros((2, 224, 224, 3), np.uint8)).shape == (2, 3, 3)
    fixed = Explainer(saved(*PLAIN["ViT"][:2], VIT | {"patch_size": 7}), Question())
    assert fixed.grid == (8, 8)
    assert not fixed.read_smaller()
    assert fixed.maps(noise).shape == (3, 8, 8)


@pytest.mark.parametrize("start", ["mean", "cls", "point"])
def test_internvit_is_read_from_where_it_was_asked(start, random_vit, noise):
    encoder = random_vit()
    maps = Explainer(encoder, Question(start=start)).maps(noise, patches=[3, 0, 15])
    scores = scores_of(encoder, noise)
    for i, patch in enumerate([3, 0, 15]):
        own = np.eye(17)[1 + patch]
        wanted = whole_rollout([s[i] for s in scores], own if start == "point" else start)
        np.testing.assert_allclose(maps[i].ravel(), wanted, rtol=1e-5)


def test_an_embedding_with_cls_in_its_mean_is_read_with_cls(random_vit, noise):
    encoder = random_vit(cls=True)
    maps = Explainer(encoder, Question()).maps(noise)
    scores = scores_of(encoder, noise)
    np.testing.assert_allclose(
        maps[0].ravel(), whole_rollout(list(scores[:, 0]), np.full(17, 1 / 17)), rtol=1e-5
    )


@pytest.mark.parametrize("about", ["new", "shared"])
def test_layer_by_layer_gradients_are_those_of_the_whole_graph(about, random_vit, noise):
    encoder = random_vit()
    queries = np.roll(encoder.embed(noise), 1, axis=0)
    sign = -1 if about == "new" else 1
    start = np.r_[0, np.full(16, 1 / 16)]
    pixels = encoder.pixels.normalise(torch.from_numpy(noise), torch.float32)
    maps = gradient_rollout(Tower.of(encoder), pixels, queries, np.stack([start] * 3), sign=sign)
    pixels = pixels.double()
    tower = encoder.module.double()
    tower.set_attn_implementation("eager")
    found = tower(pixels.requires_grad_(), output_attentions=True)
    kept, hidden = found.attentions, found.last_hidden_state[:, 1:].mean(1)
    cosine = torch.nn.functional.cosine_similarity(hidden, torch.from_numpy(queries).double())
    target = cosine.sum() if about == "shared" else (1 - cosine).sum()
    slopes = torch.autograd.grad(target, kept)
    tower.float()
    for i, found in enumerate(maps):
        product = np.eye(17)
        for scores, slope in zip(kept, slopes, strict=True):
            weighted = (scores[i] * slope[i]).clamp(min=0).mean(0).detach().numpy()
            product = product + weighted @ product
        expected = (start @ product - start)[1:]
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-9)
        assert found.max() > 0


def test_what_is_new_is_what_sets_apart_less_what_both_share(random_vit, noise):
    encoder = random_vit()
    queries = np.roll(encoder.embed(noise), 1, axis=0)
    pixels = encoder.pixels.normalise(torch.from_numpy(noise), torch.float32)
    start = np.stack([np.r_[0, np.full(16, 1 / 16)]] * 3)
    apart, alike = (
        gradient_rollout(Tower.of(encoder), pixels, queries, start, sign=sign) for sign in (-1, 1)
    )
    expected = apart / apart.sum(1, keepdims=True) - alike / alike.sum(1, keepdims=True)
    found = Explainer(encoder, Question(about="new")).maps(noise, queries).reshape(3, 16)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
    assert np.abs(found.sum(axis=1)).max() < 1e-12


@pytest.mark.parametrize("family", ["Dinov2", "Siglip", "DINOv3"])
def test_models_of_the_library_answer_questions_about_another_image(family, saved, noise):
    config, model, more, _ = PLAIN[family]
    encoder = saved(config, model, VIT | more)
    embeddings = encoder.embed(noise)
    queries = np.roll(embeddings, 1, axis=0)
    new, shared = (
        Explainer(encoder, Question(about=about)).maps(noise, queries)
        for about in ("new", "shared")
    )
    assert np.isfinite(new).all()
    assert (new.min(axis=(1, 2)) < 0).all()
    assert (new.max(axis=(1, 2)) > 0).all()
    assert (shared >= 0).all()
    assert not np.allclose(new, shared)
    assert np.array_equal(encoder.embed(noise), embeddings)


def test_grad_cam_is_the_gradient_weighted_feature_map(noise):
    encoder = load_encoder("packaged", device="cpu", pooling="mean")
    batch = np.stack([np.kron(image[:, :, :], np.ones((4, 4, 1), np.uint8)) for image in noise])
    queries = np.roll(encoder.embed(batch), 1, axis=0)
    explainer = Explainer(encoder, Question(about="shared"))
    maps = explainer.maps(batch, queries)
    assert explainer.method == "Grad-CAM"
    pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32)
    with torch.no_grad():
        features = encoder.module.extract_features(pixels).double().numpy()
    pooled = features.mean(axis=(2, 3))
    length = np.linalg.norm(pooled, axis=1, keepdims=True)
    unit = pooled / length
    cosine = (unit * queries).sum(1, keepdims=True)
    slope = (queries - cosine * unit) / length / 49  # d cosine / d feature map, by hand
    expected = np.clip((slope[..., None, None] * features).sum(1), 0, None)
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-7)


def test_grad_cam_of_the_own_embedding_shares_out_its_length(noise):
    """Where no feature is negative the map sums to the pooled length: nothing is made up."""
    encoder = load_encoder("packaged", device="cpu", pooling="mean")
    batch = np.kron(noise, np.ones((1, 4, 4, 1), np.uint8))
    maps = Explainer(encoder, Question()).maps(batch)
    pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32)
    with torch.no_grad():
        length = encoder.features(pixels).norm(dim=1).numpy()
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), length, rtol=1e-4)


@pytest.mark.parametrize("about", ["attention", "shared", "new"])
def test_grad_cam_goes_through_the_rows_of_the_embedding(about, noise):
    """By hand, in float64: each row's channels are weighed for that row, lengths held."""
    encoder = load_encoder("packaged", device="cpu")
    batch = np.kron(noise, np.ones((1, 4, 4, 1), np.uint8))
    own = encoder.embed(batch)
    queries = np.roll(own, 1, axis=0)
    maps = Explainer(encoder, Question(about=about)).maps(batch, queries)
    pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32)
    with torch.no_grad():
        features = encoder.module.extract_features(pixels).double().numpy()
    means = features.mean(axis=3).transpose(0, 2, 1)
    length = np.linalg.norm(means, axis=2)
    matrix = projection(7, 1280).astype(np.float64)
    pooled = (means / length[..., None]).reshape(3, -1) @ matrix
    total = np.linalg.norm(pooled, axis=1, keepdims=True)
    unit = pooled / total
    cosine = (unit * queries).sum(1, keepdims=True)
    slope = unit if about == "attention" else (queries - cosine * unit) / total
    slope = -slope if about == "new" else slope
    by_row = (slope @ matrix.T).reshape(3, 7, 1280) / length[..., None] / 7
    expected = np.clip(np.einsum("nrd,ndrc->nrc", by_row, features), 0, None)
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-6)
    assert (maps.max(axis=(1, 2)) > 0).all()


def test_what_a_patch_adds_is_how_far_the_similarity_moves_with_it(noise):
    """By finite differences of the cosine itself, where rows keep their lengths."""
    encoder = load_encoder("packaged", device="cpu")
    batch = np.kron(noise[:1], np.ones((1, 4, 4, 1), np.uint8))
    query = encoder.embed(np.kron(noise[1:2], np.ones((1, 4, 4, 1), np.uint8)))
    maps = Explainer(encoder, Question(about="shared")).maps(batch, query)[0]
    pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32)
    with torch.no_grad():
        features = encoder.module.extract_features(pixels)[0].double().numpy()
    length = np.linalg.norm(features.mean(axis=2).T, axis=1)
    matrix = projection(7, 1280).astype(np.float64)

    def cosine(features):
        pooled = (features.mean(axis=2).T / length[:, None]).ravel() @ matrix
        return pooled @ query[0] / np.linalg.norm(pooled)

    step, found = 1e-4, np.empty((7, 7))
    for row, column in np.ndindex(7, 7):
        more, less = features.copy(), features.copy()
        more[:, row, column] *= 1 + step
        less[:, row, column] *= 1 - step
        found[row, column] = (cosine(more) - cosine(less)) / (2 * step)
    np.testing.assert_allclose(maps, found.clip(min=0), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("about", ["attention", "shared", "new"])
@pytest.mark.parametrize("region", [Region(sky_crop_top_pct=0.9), Region(roi=(0, 0.9, 1, 1))])
def test_a_masked_row_leaves_the_map_finite(about, region, noise):
    encoder = load_encoder("packaged", device="cpu", preprocess=region)
    picture = Image.fromarray(noise[0])
    batch = np.stack([encoder.prepare(picture), encoder.prepare(Image.new("RGB", (50, 50)))])
    maps = Explainer(encoder, Question(about=about)).maps(batch, encoder.embed(batch[::-1]))
    assert np.isfinite(maps).all()


@pytest.mark.parametrize("about", ["attention", "new", "shared"])
def test_transformers_that_keep_rows_answer_by_what_the_rows_read(about, random_vit, noise):
    """Each row has the same length in the vector, so its patches start with the same share."""
    encoder = random_vit()
    tower = encoder.module
    rows = replace(
        encoder,
        pooling="rows",
        pool=lambda tower, images: row_means(tower(images).last_hidden_state[:, 1:], 4),
    )
    queries = np.roll(rows.embed(noise), 1, axis=0)
    found = Explainer(rows, Question(about=about)).maps(noise, queries)
    if about == "attention":
        np.testing.assert_allclose(found, Explainer(encoder, Question()).maps(noise), rtol=1e-6)
        return
    start = np.r_[0, np.full(16, 1 / 16)]
    kept = scored(tower, rows, noise)
    shares = {}
    for sign in (1, -1):
        slopes = torch.autograd.grad(sign * kept[1](queries), kept[0], retain_graph=True)
        for i in range(3):
            product = np.eye(17)
            for scores, slope in zip(kept[0], slopes, strict=True):
                product += (scores[i] * slope[i]).clamp(min=0).mean(0).detach().numpy() @ product
            shares[sign, i] = (start @ product - start)[1:]
    tower.float()
    for i in range(3):
        like, unlike = shares[1, i], shares[-1, i]
        expected = like if about == "shared" else unlike / unlike.sum() - like / like.sum()
        np.testing.assert_allclose(found[i].ravel(), expected, rtol=2e-3, atol=1e-6)


def scored(tower, encoder, batch):
    """Attentions in float64, and the cosine (with the lengths of rows held) that follows."""
    pixels = encoder.pixels.normalise(torch.from_numpy(batch), torch.float32).double()
    tower.double().set_attn_implementation("eager")
    found = tower(pixels.requires_grad_(), output_attentions=True)
    means = found.last_hidden_state[:, 1:].reshape(3, 4, 4, 16).mean(2)
    unit = (means / means.detach().norm(dim=2, keepdim=True)).flatten(1)
    pooled = unit @ torch.from_numpy(projection(4, 16)).double()

    def cosine(queries):
        wanted = torch.from_numpy(queries).double()
        return torch.nn.functional.cosine_similarity(pooled, wanted).sum()

    return found.attentions, cosine


def test_each_row_starts_with_the_share_it_has_in_the_embedding(random_vit, noise):
    """A row's patches add a quarter of the joined vector's square, as all rows of four do."""
    encoder = random_vit()
    pixels = encoder.pixels.normalise(torch.from_numpy(noise), torch.float32)
    with torch.no_grad():
        patches = encoder.module(pixels).last_hidden_state[:, 1:].double().numpy()
    patches = patches.reshape(3, 4, 4, 16)
    means = patches.mean(axis=2)
    length = np.linalg.norm(means, axis=2)
    adds = np.einsum("nrcd,nrd->nrc", patches, means) / 4 / length[..., None] ** 2
    start = Explainer(encoder, Question())._start(3, None)[:, 1:].reshape(3, 4, 4)
    np.testing.assert_allclose(start.sum(axis=2), (adds / 4).sum(axis=2), rtol=1e-6)


def test_rows_of_a_smaller_image_stand_for_those_of_the_whole(noise):
    encoder = load_encoder("packaged", device="cpu")
    batch = np.kron(noise, np.ones((1, 4, 4, 1), np.uint8))
    explainer = Explainer(encoder, Question(about="new"))
    assert explainer.read_smaller()
    maps = explainer.maps(batch, np.roll(encoder.embed(batch), 1, axis=0))
    assert maps.shape == (3, 3, 3)
    assert np.isfinite(maps).all()
    assert (maps.max(axis=(1, 2)) > 0).all()


def test_windowed_attention_is_refused_in_words(saved):
    windows = {"window_size": 2, "window_block_indices": [0]}
    encoder = saved("VitDetConfig", "VitDetModel", VIT | windows)
    with pytest.raises(InputError, match="works in windows"):
        Explainer(encoder, Question())


def test_stages_that_merge_patches_are_refused_in_words(saved):
    shape = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_encoder_blocks": 2}
    heads = {"num_attention_heads": [1, 2], "mlp_ratios": [2, 2], "sr_ratios": [2, 1]}
    more = {"patch_sizes": [7, 3], "strides": [4, 2]}
    encoder = saved("PvtV2Config", "PvtV2Model", shape | heads | more | {"image_size": 56})
    with pytest.raises(InputError, match="not one stack of equal layers"):
        Explainer(encoder, Question())


def test_what_an_encoder_does_not_have_is_refused_in_words(saved, red_finder, random_vit, noise):
    siglip = saved("SiglipVisionConfig", "SiglipVisionModel", VIT)
    with pytest.raises(InputError, match="no CLS token"):
        Explainer(siglip, Question(start="cls"))
    with pytest.raises(InputError, match="convolutional network"):
        Explainer(red_finder(), Question(start="point"))
    with pytest.raises(DimensionError, match="query embeddings"):
        Explainer(random_vit(), Question(about="new")).maps(noise)
    with pytest.raises(DimensionError, match="one patch for each"):
        Explainer(random_vit(), Question(start="point")).maps(noise)

    class VectorsOnly:
        name = "zoo:some-model"

    with pytest.raises(InputError, match="gives vectors only"):
        Explainer(VectorsOnly(), Question())


@pytest.mark.parametrize("wrong", [{"about": "x"}, {"start": "x"}, {"residual": 2}])
def test_a_wrong_question_is_refused(wrong):
    with pytest.raises(InputError):
        Question(**wrong)
