"""Attention rollout against a float64 product of full matrices, written from the definition."""

import numpy as np
import pytest
import torch
from gapsphere.plugin.attention.rollout import FusedAttention, discard, sweep
from gapsphere.plugin.errors import InputError
from gapsphere.tests.support.rollout import start_weights, whole_rollout
from hypothesis import given, settings
from hypothesis import strategies as st


def swept(attentions, start, head_fusion="mean", ratio=0.0, residual=0.5):
    """One row vector through the fused maps, the last layer first."""
    fused = [getattr(layer.astype(np.float64), head_fusion)(axis=0) for layer in attentions]
    maps = [discard(layer, ratio, protected=1) for layer in reversed(fused)]
    return sweep(start_weights(start, len(fused[0])), maps, residual)[1:]


def softmax_maps(rng, layers, heads, tokens, sharpness):
    scores = np.exp(sharpness * rng.standard_normal((layers, heads, tokens, tokens)))
    return [layer / layer.sum(-1, keepdims=True) for layer in scores]


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tokens = draw(st.integers(2, 12))
    maps = softmax_maps(
        rng, draw(st.integers(1, 5)), draw(st.integers(1, 4)), tokens, draw(st.floats(0, 5))
    )
    if draw(st.booleans()):
        # Ties, zeros and rows that do not sum to 1, as saturated or quantised scores have them.
        maps = [np.round(layer, 1) + (0.1 if draw(st.booleans()) else 0) for layer in maps]
        for layer in maps:
            layer[:, :, 0] += 0.05
    dtype = draw(st.sampled_from([np.float64, np.float32, np.float16]))
    start = draw(st.sampled_from(["mean", "cls", "own"]))
    return (
        [layer.astype(dtype) for layer in maps],
        rng.standard_normal(tokens) if start == "own" else start,
        draw(st.sampled_from(["mean", "max", "min"])),
        draw(st.sampled_from([0.0, 0.1, 0.37, 0.9, 0.999, 1.0])),
        draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0])),
    )


@settings(max_examples=300)
@given(cases())
def test_the_row_vector_gives_what_the_full_product_gives(case):
    with np.errstate(invalid="ignore"):
        expected = whole_rollout(*case)
    result = swept(*case)
    if np.isnan(expected).any():  # a row that discarding left empty, as half precision can
        assert not np.isfinite(result).all()
    else:
        np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("fusion", ["mean", "max", "min"])
@pytest.mark.parametrize("ratio", [0.0, 0.5])
def test_streaming_keeps_less_and_gives_the_same(fusion, ratio):
    rng = np.random.default_rng(2)
    images = [softmax_maps(rng, 4, 3, 10, 2.0) for _ in range(3)]
    fused = FusedAttention(9, fusion, ratio, 0.4)
    for layer in range(4):
        fused.add(torch.from_numpy(np.stack([maps[layer] for maps in images])))
    start = np.zeros((3, 10))
    start[:, 1:] = 1 / 9
    result = fused.rollout(start)
    for row, maps in zip(result, images, strict=True):
        expected = whole_rollout(maps, "mean", fusion, ratio, 0.4)
        np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_one_layers_scores_at_a_time_and_under_110_megabytes_for_internvl():
    """N = 1025, L = 24, H = 16: what is kept is one float32 map a layer, whatever the heads."""
    fused = FusedAttention(1024)
    scores = torch.full((1, 16, 1025, 1025), 1 / 1025, dtype=torch.bfloat16)
    fused.add(scores)
    (kept,) = fused.maps
    assert kept.dtype == torch.float32
    assert kept.untyped_storage().nbytes() * 24 < 110e6
    assert kept.untyped_storage().data_ptr() != scores.untyped_storage().data_ptr()


def test_full_residual_lets_every_patch_keep_its_own():
    maps = softmax_maps(np.random.default_rng(0), 3, 2, 6, 1.0)
    start = np.arange(6.0)
    assert swept(maps, start, residual=1.0).tolist() == [1, 2, 3, 4, 5]


def test_shares_sum_to_one_with_what_cls_keeps():
    maps = softmax_maps(np.random.default_rng(0), 3, 2, 6, 1.0)
    patches = swept(maps, "mean", "max", 0.3)
    assert 0 < patches.sum() < 1


def test_the_last_layer_is_read_first():
    """A start at token 1: the last layer sends it to 2, the first layer sends 2 to 3."""
    first, last = np.zeros((2, 1, 4, 4))
    first[0, :, 0] = last[0, :, 0] = 1
    last[0, 1] = [0, 0, 1, 0]
    first[0, 2] = [0, 0, 0, 1]
    start = np.array([0.0, 1, 0, 0])
    assert swept([first, last], start, residual=0.0).tolist() == [0, 0, 1]
    assert swept([last, first], start, residual=0.0).tolist() == [0, 0, 0]


@given(st.integers(0, 1000), st.floats(0, 1), st.integers(0, 3))
@settings(max_examples=100)
def test_exactly_the_smallest_are_candidates_whatever_ties(seed, ratio, protected):
    rng = np.random.default_rng(seed)
    fused = rng.integers(1, 4, (6, 6)) / 4
    thinned = discard(fused, ratio, protected=protected)
    gone = (thinned == 0).ravel()
    candidates = np.argsort(fused, axis=None, kind="stable")[: int(36 * ratio)]
    expected = np.isin(np.arange(36), candidates) & (np.arange(36) % 6 >= protected)
    assert np.array_equal(gone, expected)
    assert (fused > 0).all()


def test_a_row_that_discarding_left_empty_makes_its_image_alone_unknown():
    maps = np.zeros((1, 1, 3, 3))
    maps[0, 0] = [[0, 1, 0], [0, 0.1, 0.2], [1, 0, 0]]
    fused = FusedAttention(2, "mean", 0.9, 0.0)
    fused.add(torch.from_numpy(np.stack([maps[0], np.full((1, 3, 3), 1 / 3)])))
    rows = fused.rollout(np.array([[0, 0.5, 0.5]] * 2))
    assert np.isnan(rows[0]).all()
    assert np.isfinite(rows[1]).all()  # its batch mate does not feel it


@pytest.mark.parametrize(
    "option",
    [
        {"head_fusion": "median"},
        {"discard_ratio": -0.1},
        {"discard_ratio": 1.1},
        {"residual": float("nan")},
    ],
)
def test_an_option_outside_its_range_is_refused_in_words(option):
    with pytest.raises(InputError, match=next(iter(option))):
        FusedAttention(2, **option)
