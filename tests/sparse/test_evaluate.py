"""Classical rebuilds, quality figures and the tables' arithmetic."""

import numpy as np
import pandas as pd
import pytest
from gapsphere.plugin.sparse.frames.samples import Samples, samples_of
from gapsphere.plugin.sparse.measure import evaluate as ev
from gapsphere.plugin.sparse.measure.baselines import CLASSICAL
from gapsphere.plugin.sparse.measure.quality import psnr, rank_correlation, ssim
from gapsphere.plugin.sparse.network.interpolation import natural_neighbour
from skimage.metrics import peak_signal_noise_ratio


@pytest.mark.parametrize("name", CLASSICAL)
@pytest.mark.parametrize("count", [1, 2, 40])
def test_every_rebuild_passes_through_its_samples(name, count, still, random):
    samples = samples_of(still[0], random.choice(48 * 48, count, replace=False))
    made = CLASSICAL[name](samples)
    assert made.shape == still[0].shape
    assert made.dtype == np.uint8
    assert (made.reshape(-1, 1)[samples.pixels] == samples.values).all()


@pytest.mark.parametrize("name", CLASSICAL)
def test_every_rebuild_keeps_colours(name, random):
    """Up to what the inpainting rounds away on its march."""
    values = np.tile(np.array([[200, 40, 90]], np.uint8), (30, 1))
    samples = Samples(np.sort(random.choice(400, 30, replace=False)), values, (20, 20))
    assert np.abs(CLASSICAL[name](samples).astype(int) - [200, 40, 90]).max() <= 4


def test_linear_and_natural_neighbours_give_a_plane_back(random):
    y, x = np.mgrid[:40, :40]
    plane = (2 * x + 3 * y + 5)[..., None].astype(np.uint8)
    corners = np.array([0, 39, 39 * 40, 39 * 40 + 39])
    samples = samples_of(plane, np.union1d(corners, random.choice(1600, 200, replace=False)))
    inside = np.s_[8:32, 8:32]
    assert np.abs(CLASSICAL["linear"](samples).astype(int) - plane)[inside].max() <= 1
    assert np.abs(natural_neighbour(samples) - plane)[inside].mean() < 1.5


@pytest.mark.parametrize("count", [1, 2, 12])
def test_natural_neighbours_equal_the_areas_that_a_pixel_would_take(random, count):
    pixels = np.sort(random.choice(15 * 15, count, replace=False))
    values = random.integers(0, 256, (count, 1)).astype(np.uint8)
    samples = Samples(pixels, values, (15, 15))
    y, x = np.divmod(np.arange(225), 15)
    to_samples = (y[:, None] - y[pixels]) ** 2 + (x[:, None] - x[pixels]) ** 2
    own, reach = to_samples.argmin(1), to_samples.min(1)
    between = (y[:, None] - y) ** 2 + (x[:, None] - x) ** 2
    expected = [values[own[between[p] <= reach]].mean() for p in range(225)]
    assert np.allclose(natural_neighbour(samples).ravel(), expected)


def test_quality_is_that_of_scikit_image(still, moving):
    a, b = still[3], moving[4]
    assert psnr(a, b) == pytest.approx(peak_signal_noise_ratio(b, a, data_range=255))
    assert ssim(a, a) == pytest.approx(1)
    assert ssim(a, b) < 0.999
    assert psnr(a, a) == float("inf")
    assert np.isnan(ssim(a[:8, :8], a[:8, :8]))


def test_a_map_that_knows_the_error_correlates_with_it(still, random):
    made = np.clip(still[0].astype(int) + random.integers(-20, 21, still[0].shape), 0, 255)
    made = made.astype(np.uint8)
    error = np.abs(made.astype(np.float32) - still[0])[..., 0]
    assert rank_correlation(error, made, still[0]) == pytest.approx(1)
    assert rank_correlation(-error, made, still[0]) == pytest.approx(-1)
    assert np.isnan(rank_correlation(np.ones_like(error), made, still[0]))


def test_policies_and_seeds_are_measured_on_the_frames_that_were_asked_for(model, moving, still):
    plan = ev.Plan(count=80, first=3, frames=4, each=2, warmup_frames=1, classical=("linear",))
    films = np.stack([moving, still, moving[::-1], still])[..., 0]
    seen = []
    done = ev.measure_all(
        model, (ev.RANDOM, ev.DISPERSION), films, plan, progress=lambda n, of: seen.append((n, of))
    )
    assert seen[-1] == (8, 8)
    assert set(done.index.unique("seed")) == {0, 1}
    assert not done.filter(like="psnr.").isna().any(axis=None)
    assert set(done.filter(like="psnr.")) == {"psnr.model", "psnr.linear"}
    assert set(done.filter(like="correlation.")) == {f"correlation.{name}" for name in ev.SIGNALS}
    # An untrained model is the natural-neighbour interpolation: near linear, on the same samples.
    assert abs(ev.model_gain(done, "random", "linear").mean) < 1.5
    assert ev.gain(done, "random", "random").mean == 0


def test_frames_without_any_error_have_a_finite_quality(model):
    black = np.zeros((2, 6, 32, 32), np.uint8)
    plan = ev.Plan(count=40, first=2, frames=4, each=2, warmup_frames=1, classical=("nearest",))
    done = ev.measure_all(model, (ev.RANDOM,), black, plan)
    assert (done[["psnr.model", "psnr.nearest", "paired"]] == 99).all(axis=None)
    assert str(ev.gain(done, "random", "random")) == "0.00 ± 0.00"


def test_the_count_for_a_quality_is_read_off_the_curve():
    line = [(100, 20.0), (200, 22.0), (400, 24.0)]
    assert ev.count_for(line, 23.0) == pytest.approx(np.sqrt(200 * 400))
    assert np.isnan(ev.count_for(line, 25.0))
    assert np.isnan(ev.count_for(line, 19.0))


def test_a_figure_is_the_mean_over_seeds_with_half_their_range():
    seeds = pd.Index([0, 0, 1], name="seed")
    found = ev.figure(pd.Series([1.0, 3.0, 4.0], seeds))
    assert (found.mean, found.spread) == (3.0, 1.0)
    assert str(found) == "3.00 ± 1.00"
