"""Chunks, neighbours and statistics against full matrices in float64."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from gapsphere.plugin.errors import DimensionError
from gapsphere.plugin.sparse.frames.samples import Samples, make_samples, remember, samples_of
from gapsphere.plugin.sparse.network.attention import dispersion_of, entropy_of
from gapsphere.plugin.sparse.network.model import SENTINEL, ModelConfig, SparsePixelTransformer

SMALL = {"refine_widths": (6, 8), "refine_blocks": 1, "decoder_layers": 3, "heads": 4}


def trained_looking(**sizes):
    """A model whose every weight is random, so that nothing is right by being zero."""
    torch.manual_seed(1)
    model = SparsePixelTransformer(ModelConfig(**{**SMALL, **sizes})).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def scenes(model, still, count=40, memory=True):
    random = np.random.default_rng(0)
    side = still.shape[1]
    kept = None
    if memory:
        first = samples_of(still[0], random.choice(side * side, count, replace=False))
        kept = remember(None, first, still[0], 9)
    others = random.choice(side * side, count, replace=False)
    if memory:
        others = np.union1d(others[6:], first.pixels[:6])  # revisits that find the film still
    scene = model.scene(samples_of(still[1], others), kept)
    assert (len(scene.values) > scene.new) == memory
    return scene


@pytest.fixture(autouse=True)
def in_double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("neighbors", [None, 5])
def test_entropy_and_dispersion_equal_those_of_the_full_matrix(neighbors, stride, still):
    model = trained_looking(neighbors=neighbors, stride=stride)
    scene = scenes(model, still)
    with torch.inference_mode():
        made = model.reconstruct([scene], chunk=37, return_attention=True)
    full = made.attention[0]
    height, width = scene.resolution
    assert full.shape == (height * width, len(scene.values))
    assert torch.allclose(full.sum(1), torch.ones(height * width))
    visible = full.shape[1] if neighbors is None else scene.index.shape[1]
    entropy = -torch.where(full > 0, full * full.log(), 0.0).sum(1) / np.log(visible)
    values = torch.from_numpy(scene.values).double().mean(1)
    spread = (full * values**2).sum(1) - (full * values).sum(1) ** 2
    assert torch.allclose(made.entropy[0].flatten(), entropy, atol=1e-6)
    assert torch.allclose(made.dispersion[0].flatten(), spread.clamp_min(0).sqrt(), atol=1e-7)


@pytest.mark.parametrize("neighbors", [None, 5])
def test_surprise_and_its_size_equal_those_of_the_full_matrix(neighbors, still, random):
    model = trained_looking(neighbors=neighbors, stride=1)
    scene = scenes(model, still)
    scene = replace(scene, surprise=random.normal(size=scene.values.shape).astype(np.float32))
    values, surprise = (torch.from_numpy(x).double() for x in (scene.values, scene.surprise))
    seen = []
    model.refine.register_forward_pre_hook(lambda _, given: seen.append(given[0][0].flatten(1)))
    with torch.inference_mode():
        full = model.reconstruct([scene], return_attention=True).attention[0]
    scale = values[: scene.new].std(correction=0) + 0.02
    mean, size = seen[0][model.config.query_width :][:2] * scale
    assert torch.allclose(mean, (full @ surprise)[:, 0])
    assert torch.allclose(size, (full @ surprise.abs())[:, 0])


def test_mean_attention_is_the_mean_over_layers_and_heads(still):
    model = trained_looking(neighbors=None, stride=1)
    scene = scenes(model, still, memory=False)
    seen = []
    hooks = [
        layer.register_forward_hook(lambda *call: seen.append(call[2][1]))
        for layer in model.decoder
    ]
    with torch.inference_mode():
        made = model.reconstruct([scene], chunk=1 << 20, return_attention=True)
    for hook in hooks:
        hook.remove()
    assert len(seen) == 3
    assert torch.allclose(made.attention[0], torch.stack(seen).mean(0))


def test_a_layer_gives_the_mean_of_its_heads():
    torch.manual_seed(0)
    layer = trained_looking().decoder[0]
    x, memory = torch.randn(5, 16), torch.randn(7, 32)
    hidden, distance = torch.randn(5, 7, 16), torch.randn(5, 7)
    _, weights = layer(x, layer.key_value(memory), (hidden, distance), None, None)
    query = layer.query(layer.norm(x)).view(5, 4, 4)
    key = layer.key_value(memory).view(7, 2, 4, 4)[:, 0]
    heads = [
        (query[:, h] @ key[:, h].T / 2 + layer.bias(hidden)[..., h] + distance * layer.fall[h])
        for h in range(4)
    ]
    expected = torch.stack([head.softmax(-1) for head in heads]).mean(0)
    assert torch.allclose(weights, expected, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("neighbors", [None, 5])
def test_a_tilted_plane_is_met_wherever_attention_looks(neighbors, stride, channels, random):
    """Each token tells of its surroundings by its slope; told the right one, none is off."""
    model = trained_looking(neighbors=neighbors, stride=stride, channels=channels)
    tilt = np.array([[2.0, 5.0], [-3.0, 4.0], [1.0, -6.0]])[:channels]  # grey levels a pixel
    y, x = np.indices((16, 16))
    frame = 100 + np.stack([a * x + b * y for a, b in tilt], -1)
    scene = model.scene(samples_of(frame.astype(np.uint8), random.choice(256, 30, replace=False)))
    values = torch.from_numpy(scene.values).double()
    scale = values.std(correction=0) + 0.02
    with torch.no_grad():
        model.slope.weight.zero_()
        tilt = torch.from_numpy(tilt / 255 * np.sqrt(256 / 30)) / scale
        model.slope.bias.copy_(tilt.flatten())
    seen = []
    model.refine.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.inference_mode():
        made = model.reconstruct([scene])
    fine = seen[0][:, -(stride**2) * (5 * channels + 3) :]
    known = torch.nn.functional.pixel_shuffle(fine, stride)[:, channels : 2 * channels]
    base = torch.from_numpy(scene.natural).double()
    expected = torch.from_numpy(frame / 255).permute(2, 0, 1)
    assert torch.allclose(base + known[0] * scale, expected, atol=1e-6)
    assert (base - expected).abs().max() > 0.01  # which interpolation alone does not
    assert made.frame.shape == (1, channels, 16, 16)


@pytest.mark.parametrize("chunk", [1, 97, 1 << 20])
def test_chunks_do_not_change_the_result(chunk, still):
    model = trained_looking()
    scene = scenes(model, still[:, :20, :20])
    with torch.inference_mode():
        whole, parts = (model.reconstruct([scene], chunk=c) for c in (4096, chunk))
    for name in ("frame", "log_scale", "entropy", "dispersion"):
        assert torch.allclose(getattr(whole, name), getattr(parts, name), atol=1e-9)


def test_all_neighbours_are_the_same_as_attention_to_all(still):
    frames = still[:, :16, :16]
    every = trained_looking(neighbors=None, past_neighbors=0)
    near = trained_looking(neighbors=30, past_neighbors=0)
    near.load_state_dict(every.state_dict())
    with torch.inference_mode():
        a = every.reconstruct([scenes(every, frames, 30, memory=False)])
        b = near.reconstruct([scenes(near, frames, 30, memory=False)])
    for name in ("frame", "log_scale", "entropy", "dispersion"):
        assert torch.allclose(getattr(a, name), getattr(b, name), atol=1e-6), name


def test_entropy_is_one_for_even_weights_and_zero_for_one_key():
    even, single = torch.full((1, 8), 1 / 8), torch.eye(8)[:1]
    assert float(entropy_of(even, 8)) == pytest.approx(1)
    assert float(entropy_of(single, 8)) == 0
    assert float(entropy_of(torch.ones(1, 1), 1)) == 0


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_entropy_of_16_bit_weights_is_finite_where_some_are_zero(kind):
    weights = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]], dtype=kind)
    found = entropy_of(weights, 3)
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx([0, np.log(2) / np.log(3)], abs=1e-5)


def test_dispersion_ignores_how_attention_is_spread_over_equal_values():
    values = torch.full((1, 4, 1), 0.3)
    assert float(dispersion_of(torch.full((1, 4), 0.25), values)) == pytest.approx(0, abs=1e-12)
    apart = torch.tensor([0.0, 1.0]).view(1, 2, 1)
    assert float(dispersion_of(torch.tensor([[0.5, 0.5]]), apart)) == pytest.approx(0.5)


def test_colour_any_resolution_and_the_seeds_call():
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    model = SparsePixelTransformer(ModelConfig(channels=3, **SMALL)).eval()
    pixels = torch.rand(2, 25, 5, generator=torch.Generator().manual_seed(3))
    pixels[..., 2:] *= 255
    state, mask = torch.zeros(2, 8), torch.ones(2, 8)
    with torch.inference_mode():
        made = model(pixels, state, mask, (17, 30), return_attention=True)
    assert made.frame.shape == (2, 3, 17, 30)
    assert made.entropy.shape == made.dispersion.shape == made.log_scale.shape == (2, 17, 30)
    assert made.attention.shape[:2] == (2, 17 * 30)


def test_masked_and_sentinel_state_entries_are_not_read(still):
    torch.set_default_dtype(torch.float32)
    model = trained_looking().float()
    with torch.no_grad():
        model.read_state.gate.fill_(1.0)
    pixels = np.arange(0, 400, 9)
    values = still[0].ravel()[pixels]

    def frame(state):
        samples = make_samples(pixels, values, (20, 20), state)
        with torch.inference_mode():
            return model.reconstruct([model.scene(samples)]).frame

    assert torch.allclose(frame([0.3, SENTINEL]), frame([0.3]))
    assert torch.equal(frame([SENTINEL, SENTINEL]), frame(None))
    assert not torch.allclose(frame([0.3, 0.9]), frame([0.3]), atol=1e-4)


def test_a_state_without_training_changes_nothing(still):
    torch.set_default_dtype(torch.float32)
    model = SparsePixelTransformer(ModelConfig(**SMALL)).eval()
    pixels = np.arange(0, 400, 9)
    with torch.inference_mode():
        a, b = (
            model.reconstruct(
                [model.scene(make_samples(pixels, still[0].ravel()[pixels], (20, 20), s))]
            )
            for s in (None, [5.0, 1.0])
        )
    assert torch.equal(a.frame, b.frame)


def test_wrong_channels_states_and_mixed_resolutions_are_refused(still):
    model = trained_looking()
    grey = model.scene(samples_of(still[0], np.arange(9)))
    colour = model.scene(Samples(np.arange(4), np.zeros((4, 3), np.uint8), (8, 8)))
    with pytest.raises(DimensionError, match="channel"):
        model.reconstruct([colour])
    with pytest.raises(DimensionError, match="resolution"):
        model.reconstruct([grey, colour])
    long = make_samples([1, 2], [3, 40], (8, 8), np.zeros(65))
    with pytest.raises(DimensionError, match="65 entries"):
        model.reconstruct([model.scene(long)])


def test_mixed_precision_leaves_the_attention_in_full_precision(still):
    torch.set_default_dtype(torch.float32)
    model = trained_looking().float()
    scene = model.scene(samples_of(still[0], np.arange(0, 2304, 50)))
    with torch.inference_mode():
        full = model.reconstruct([scene])
        with torch.autocast("cpu", torch.bfloat16):
            mixed = model.reconstruct([scene])
    assert torch.equal(full.entropy, mixed.entropy)
    assert torch.equal(full.dispersion, mixed.dispersion)
    assert mixed.frame.dtype == torch.float32
