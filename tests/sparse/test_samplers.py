"""One contract for every sampler; then what each adds."""

import tracemalloc

import numpy as np
import pytest
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.sparse.sampling.adaptive import AdaptiveSampler, apart, widest
from gapsphere.plugin.sparse.sampling.halftone import capped, diffuse, farthest
from gapsphere.plugin.sparse.sampling.sampler import Request
from gapsphere.plugin.sparse.sampling.uniform import UniformSampler
from scipy.spatial import cKDTree

SAMPLERS = [
    *(UniformSampler(pattern) for pattern in ("random", "grid", "jitter", "blue")),
    *(AdaptiveSampler(method=method) for method in ("diffusion", "farthest", "multinomial")),
    AdaptiveSampler(extra="edge", extra_ratio=0.2),
    AdaptiveSampler(extra="random", extra_ratio=0.3, importance_ratio=0.0),
    AdaptiveSampler(importance_ratio=1.0, revisit_ratio=1.0, collision_threshold=0.2),
]
NAMES = [f"{type(sampler).__name__}-{number}" for number, sampler in enumerate(SAMPLERS)]


def maps(resolution, random):
    """Importance maps that have broken samplers before."""
    height, width = resolution
    one = np.zeros(resolution, np.float32)
    one[height // 2, width // 2] = 1
    few = np.zeros(resolution, np.float32)
    few.ravel()[: max(1, height * width // 50)] = 1
    bad = np.ones(resolution, np.float32)
    bad[0, 0] = np.nan
    return {
        "none": None,
        "zero": np.zeros(resolution, np.float32),
        "flat": np.ones(resolution, np.float32),
        "one pixel": one,
        "fewer cells than draws": few,
        "noise": random.random(resolution).astype(np.float32),
        "tiny": 1e-30 * random.random(resolution).astype(np.float32),
        "nan": bad,
        "infinite": np.where(one > 0, np.inf, 1).astype(np.float32),
    }


@pytest.mark.parametrize("sampler", SAMPLERS, ids=NAMES)
@pytest.mark.parametrize("resolution", [(24, 40), (1, 30), (9, 2)])
def test_every_sampler_gives_exactly_n_different_pixels_of_the_frame(sampler, resolution, random):
    size = resolution[0] * resolution[1]
    frame = random.integers(0, 256, (*resolution, 1)).astype(np.uint8)
    remembered = np.arange(0, size, 3)
    for importance in maps(resolution, random).values():
        for count in (1, max(1, size // 20), size // 2, size):
            request = Request(count, resolution, importance, frame, remembered)
            draw = sampler.draw(request, np.random.default_rng(3))
            assert len(np.unique(draw.pixels)) == len(draw.pixels) == count
            assert draw.pixels.min() >= 0
            assert draw.pixels.max() < size
            assert sum(draw.shares.values()) == count
            assert (np.diff(draw.pixels) > 0).all()


@pytest.mark.parametrize("sampler", SAMPLERS, ids=NAMES)
def test_every_sampler_follows_its_seed(sampler, random):
    request = Request(60, (32, 32), random.random((32, 32)).astype(np.float32))

    def draw(seed):
        return sampler.draw(request, np.random.default_rng(seed)).pixels.tolist()

    assert draw(1) == draw(1)
    if sampler != UniformSampler("grid"):
        assert draw(1) != draw(2)


@pytest.mark.parametrize("count", [0, -1, 17])
def test_more_pixels_than_the_frame_has_or_none_are_refused(count):
    with pytest.raises(InputError, match="1 to 16"):
        Request(count, (4, 4))


@pytest.mark.parametrize("method", ["diffusion", "farthest", "multinomial"])
def test_important_places_get_more_samples(method):
    importance = np.full((40, 40), 0.01, np.float32)
    importance[10:20, 10:20] = 1
    sampler = AdaptiveSampler(method=method, collision_threshold=0)
    draw = sampler.draw(Request(160, (40, 40), importance), np.random.default_rng(0))
    y, x = np.divmod(draw.pixels, 40)
    inside = ((y >= 10) & (y < 20) & (x >= 10) & (x < 20)).sum()
    assert inside > 3 * 160 * 100 / 1600


def test_diffusion_meets_the_mixture_density():
    importance = np.zeros((64, 64), np.float32)
    importance[:, :32] = 1
    sampler = AdaptiveSampler(importance_ratio=0.6, collision_threshold=0)
    draw = sampler.draw(Request(400, (64, 64), importance), np.random.default_rng(0))
    left = (draw.pixels % 64 < 32).sum()
    assert left == pytest.approx(0.6 * 400 + 0.4 * 200, abs=12)


def test_multinomial_draws_its_uniform_part_from_what_is_left(random):
    importance = random.random((20, 20)).astype(np.float32)
    sampler = AdaptiveSampler(method="multinomial", collision_threshold=0)
    for seed in range(20):
        draw = sampler.draw(Request(300, (20, 20), importance), np.random.default_rng(seed))
        assert len(np.unique(draw.pixels)) == 300


def test_no_points_are_farther_apart_than_the_widest(random):
    for resolution in ((8, 8), (1, 30), (12, 40)):
        size = resolution[0] * resolution[1]
        for count in (2, 3, 4, 9, size):
            pixels = np.sort(farthest(np.ones(resolution), count, random))
            points = np.stack(np.divmod(pixels, resolution[1]), axis=-1)
            nearest = cKDTree(points).query(points, 2)[0][:, 1].min()
            assert nearest <= widest(count, resolution)


def test_a_distance_that_no_points_can_keep_costs_no_memory(random):
    """All pairs of 20,000 points are 3 GB, and the discs to keep free of others 150."""
    resolution, count = (480, 640), 20_000
    pixels = np.sort(random.choice(480 * 640, count, replace=False))
    tracemalloc.start()
    try:
        kept = apart(pixels, np.ones(resolution), 0.99 * 554, random)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(np.unique(kept)) == count
    assert most < 1 << 28


def test_diffused_points_keep_further_apart_than_independent_ones():
    even = np.ones((64, 64))

    def gap(pixels):
        points = np.stack(np.divmod(pixels, 64), axis=-1)
        return cKDTree(points).query(points, 2)[0][:, 1].mean()

    random = np.random.default_rng(0)
    independent = gap(random.choice(64 * 64, 200, replace=False))
    assert gap(diffuse(even, 200, random)) > 1.4 * independent
    assert gap(farthest(even, 200, random)) > 1.6 * independent


def test_no_pair_is_closer_than_the_least_distance_where_there_is_room():
    importance = np.full((64, 64), 0.01, np.float32)
    importance[30:34, 30:34] = 5
    sampler = AdaptiveSampler(collision_threshold=0.04, revisit_ratio=0)
    draw = sampler.draw(Request(150, (64, 64), importance), np.random.default_rng(0))
    points = np.stack(np.divmod(draw.pixels, 64), axis=-1)
    assert cKDTree(points).query(points, 2)[0][:, 1].min() >= 0.04 * 64 - 1e-9


def test_the_count_wins_over_the_distance_where_there_is_no_room():
    even = np.ones((8, 8))
    kept = apart(np.arange(40), even, 3.0, np.random.default_rng(0))
    assert len(np.unique(kept)) == 40


def test_a_cap_moves_density_on_and_keeps_its_sum(random):
    density = random.random((10, 10)) ** 8
    density[3, 3] = 1e6
    expected = capped(density, 40)
    assert expected.max() <= 1
    assert expected.sum() == pytest.approx(40)
    assert expected[3, 3] == 1


def test_revisits_fall_on_remembered_pixels_and_keep_the_count(random):
    remembered = np.sort(random.choice(64 * 64, 800, replace=False))
    importance = random.random((64, 64)).astype(np.float32)
    request = Request(200, (64, 64), importance, remembered=remembered)
    with_revisits = AdaptiveSampler(revisit_ratio=0.5, collision_threshold=0)
    draw = with_revisits.draw(request, np.random.default_rng(0))
    assert np.isin(draw.pixels, remembered).sum() >= 85
    assert len(np.unique(draw.pixels)) == 200


def test_three_strategies_share_the_count_by_their_ratios(random):
    importance = random.random((32, 32)).astype(np.float32)
    frame = random.integers(0, 256, (32, 32, 1)).astype(np.uint8)
    sampler = AdaptiveSampler(importance_ratio=0.5, extra="edge", extra_ratio=0.2)
    draw = sampler.draw(Request(100, (32, 32), importance, frame), np.random.default_rng(0))
    assert draw.shares == {"importance": 50, "uniform": 30, "extra": 20}


@pytest.mark.parametrize(
    "settings",
    [
        {"importance_ratio": 1.2},
        {"importance_ratio": 0.8, "extra_ratio": 0.3},
        {"revisit_ratio": -0.1},
        {"collision_threshold": 1.0},
    ],
)
def test_ratios_that_make_no_sense_are_refused(settings):
    with pytest.raises(InputError):
        AdaptiveSampler(**settings)
