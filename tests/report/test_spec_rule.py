"""The acceptance rule against float64 brute force, and the reference that has to be enough."""

from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.coverage.novelty import novelty as owned_novelty
from gapsphere.plugin.errors import EmptySetError, InputError
from gapsphere.plugin.report.spec.rule import (
    Novelty,
    Rule,
    angle_of,
    judge,
    make_rule,
    other_rows,
    reference_rows,
    showcase,
    typical_count,
)
from gapsphere.tests.support.made_rows import unit

METRICS = ("cosine", "euclidean")


def distance(a, b, metric):
    """Pairwise, float64."""
    squared = ((a[:, None].astype(np.float64) - b[None].astype(np.float64)) ** 2).sum(-1)
    return squared / 2 if metric == "cosine" else np.sqrt(squared)


def images_within(rng, rule, count):
    """Random unit rows whose distance to one of those asked for is spread from 0 to 1.5 radii."""
    asked = rule.asked.astype(np.float64)[rng.integers(0, len(rule.asked), count)]
    reach = float(angle_of(rule.near_radius, rule.metric))
    sideways = rng.normal(size=asked.shape)
    sideways -= (sideways * asked).sum(1, keepdims=True) * asked
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    angle = rng.uniform(0, reach * 0.9999, (count, 1))
    return unit(np.cos(angle) * asked + np.sin(angle) * sideways)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_the_reference_decides_as_all_of_s_does_within_one_and_a_half_radii(metric, seed, version):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 24))
    owned = unit(rng.normal(size=(600, size)) + rng.normal(size=size) * rng.uniform(0, 2))
    candidates = unit(rng.normal(size=size) * 2 + rng.normal(size=(9, size)) * 0.5)
    delta = float(rng.uniform(0.01, 0.5))
    rule = make_rule(candidates, delta=delta, metric=metric, radius=float(rng.uniform(0.01, 0.5)))
    if version == 1:
        rule = Rule(metric, delta, rule.centre, rule.radius)
    rows = reference_rows(owned, rule)
    images = images_within(rng, rule, 400)
    near, whole = judge(images, rule, owned[rows]), judge(images, rule, owned)
    assert near.verdict == whole.verdict
    covered = np.array(whole.verdict) == "covered already"
    assert set(whole.verdict) <= {"accepted", "near miss", "covered already"}
    assert np.array_equal(near.to_owned[covered], whole.to_owned[covered])


@pytest.mark.parametrize("metric", METRICS)
def test_the_reference_leaves_out_what_cannot_decide(metric):
    rng = np.random.default_rng(3)
    owned = unit(rng.normal(size=(500, 8)))
    rule = Rule(metric, 0.02, owned[0], 0.02)
    rows = reference_rows(owned, rule)
    assert 0 < len(rows) < 100
    # One row on the rim of what matters, made to decide: the cap has no slack to give away.
    reach = angle_of(rule.near_radius, metric) + angle_of(rule.delta, metric)
    side = np.linalg.svd(rule.centre[None].astype(np.float64))[2][1]
    rim = unit([np.cos(reach) * rule.centre + np.sin(reach) * side])
    assert len(reference_rows(rim, rule)) == 1
    beyond = unit([np.cos(reach + 0.01) * rule.centre + np.sin(reach + 0.01) * side])
    assert len(reference_rows(beyond, rule)) == 0


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("version", [1, 2])
def test_verdicts_are_those_of_the_definition(metric, version):
    rng = np.random.default_rng(4)
    owned, images = unit(rng.normal(size=(40, 4))), unit(rng.normal(size=(900, 4)))
    candidates = unit(rng.normal(size=(5, 4)) * 0.4 + 1)
    delta, radius = (0.05, 0.25) if metric == "cosine" else (0.3, 0.7)
    rule = make_rule(candidates, delta=delta, metric=metric, radius=radius)
    if version == 1:
        rule = Rule(metric, delta, rule.centre, radius)
    judged = judge(images, rule, owned)
    to_owned = distance(images, owned, metric).min(axis=1)
    asked = candidates if version == 2 else rule.centre[None]
    to_request = distance(images, asked, metric).min(axis=1)
    nearer_to_s = 0
    for verdict, d_owned, d_c in zip(judged.verdict, to_owned, to_request, strict=True):
        if d_owned <= rule.delta:
            assert verdict == "covered already"
        elif d_c <= rule.radius and (d_c < d_owned or version == 1):
            assert verdict == "accepted"
        elif d_c <= 1.5 * rule.radius:
            assert verdict == "near miss"
            nearer_to_s += d_c <= rule.radius
        else:
            assert verdict == "off target"
    assert set(judged.verdict) == {"accepted", "near miss", "off target", "covered already"}
    assert (nearer_to_s > 0) == (version == 2)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", range(6))
def test_what_is_nearer_to_another_request_is_off_target_and_a_part_of_the_others_tells(
    metric, seed
):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 24))
    owned, others = (unit(rng.normal(size=(300, size)) + rng.normal(size=size)) for _ in "ab")
    candidates = unit(rng.normal(size=size) + rng.normal(size=(9, size)) * 0.5)
    delta, radius = rng.uniform(0.01, 0.2), float(rng.uniform(0.1, 0.5))
    rule = make_rule(candidates, delta=delta, metric=metric, radius=radius, others=others)
    images = images_within(rng, rule, 400)
    told = judge(images, rule, owned).verdict
    d_s, d_c, d_o = (
        distance(images, rows, metric).min(axis=1) for rows in (owned, candidates, others)
    )
    expected = np.select(
        [d_s <= delta, d_o < d_c, (d_c <= radius) & (d_c < d_s), d_c <= 1.5 * radius],
        ["covered already", "off target", "accepted", "near miss"],
        "off target",
    )
    assert told == expected.tolist()
    assert {"off target", "accepted"} & set(told)
    rows = other_rows(others, rule)
    assert judge(images, replace(rule, others=others[rows]), owned).verdict == told
    if len(others) > len(rows):
        beyond = np.setdiff1d(np.arange(len(others)), rows)
        assert distance(others[beyond], candidates, metric).min() > 1.5 * radius
    assert len(other_rows(others, rule, 5)) <= 5


def test_a_candidate_that_another_request_shows_too_is_accepted():
    rows = unit(np.random.default_rng(8).normal(size=(6, 9)))
    rule = make_rule(rows, delta=0.01, radius=0.1, others=rows[:3])
    assert judge(rows, rule, rows[:0]).verdict == ["accepted"] * 6


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("count", [9, 60])
def test_where_novelty_decides_an_image_is_new_by_it_and_by_nothing_else(metric, count):
    rng = np.random.default_rng(count)
    owned = unit(rng.normal(size=(count, 24)) * np.linspace(3, 0.1, 24))
    candidates = unit(rng.normal(size=(5, 24)) * np.linspace(0.1, 2, 24) + 0.2)
    images = unit(candidates[rng.integers(0, 5, 500)] + rng.normal(size=(500, 24)) * 0.3)
    images = np.concatenate([images, owned])
    radius = 0.4 if metric == "cosine" else 0.9
    centred = owned.astype(np.float64) - owned.astype(np.float64).mean(axis=0)
    _, held, axes = np.linalg.svd(centred, full_matrices=False)
    kept = axes[: np.searchsorted(np.cumsum(held**2), 0.9 * (held**2).sum()) + 1]
    left = images - owned.astype(np.float64).mean(axis=0)
    outside = np.linalg.norm(left - left @ kept.T @ kept, axis=1)
    beyond = float(np.sort(outside)[250:252].mean())
    rule = make_rule(
        candidates, delta=0.01, metric=metric, radius=radius, novelty=Novelty.of(owned, beyond)
    )
    new = outside > beyond
    d_owned, d_c = (distance(images, rows, metric).min(axis=1) for rows in (owned, candidates))
    told = np.select(
        [~new, (d_c <= radius) & (d_c < d_owned), d_c <= 1.5 * radius],
        ["covered already", "accepted", "near miss"],
        "off target",
    )
    assert judge(images, rule, owned).verdict == told.tolist()
    assert {"covered already", "accepted", "near miss"} <= set(told)
    assert (~new & (d_owned > rule.delta)).any()
    assert np.array_equal(rule.novelty(images), owned_novelty(images, owned))


def test_every_candidate_that_is_new_is_accepted_by_its_own_rule():
    candidates = unit(np.random.default_rng(5).normal(size=(30, 64)) + 1)
    rule = make_rule(candidates, delta=0.1)
    assert set(judge(candidates, rule, candidates[:0]).verdict) == {"accepted"}


def test_centre_is_the_unit_mean():
    candidates = unit([[1, 0, 0], [0, 1, 0], [1, 1, 0]])
    rule = make_rule(candidates, delta=0.1)
    assert np.allclose(rule.centre, unit([1, 1, 0]), atol=1e-6)
    assert rule.near_radius == pytest.approx(1.5 * rule.radius)


@pytest.mark.parametrize("count", [1, 7])
def test_one_point_alone_asks_for_what_it_would_cover(count):
    rule = make_rule(unit(np.tile([0.3, 0.4, 0.5], (count, 1))), delta=0.2)
    assert (rule.radius, rule.radius_source) == (0.2, "delta")


def test_a_given_radius_replaces_the_candidates_own():
    rule = make_rule(unit([[1, 0], [0, 1]]), delta=0.1, radius=0.4)
    assert (rule.radius, rule.radius_source) == (0.4, "given")
    with pytest.raises(InputError, match="The radius is"):
        make_rule(unit([[1, 0]]), delta=0.1, radius=0)


def test_bad_input_is_a_sentence():
    with pytest.raises(InputError, match="no common centre"):
        make_rule(unit([[1, 0], [-1, 0]]), delta=0.1)
    with pytest.raises(InputError, match="δ is"):
        make_rule(unit([[1, 0]]), delta=3)
    with pytest.raises(EmptySetError):
        make_rule(np.empty((0, 3), np.float32), delta=0.1)
    assert (
        judge(np.empty((0, 2), np.float32), Rule("cosine", 0.1, unit([1, 0]), 1), []).verdict == []
    )


def test_the_typical_count_is_that_of_brute_force():
    owned = unit(np.random.default_rng(6).normal(size=(300, 5)))
    for metric, radius in (("cosine", 0.2), ("euclidean", 0.6)):
        rule = Rule(metric, 0.1, owned[0], radius)
        counts = (distance(owned, owned, metric) <= radius).sum(axis=1)
        assert typical_count(owned, rule) == int(np.median(counts))


def test_the_showcase_starts_with_the_most_typical_and_spreads_out():
    rows = unit([[1, 0, 0], [1, 0.02, 0], [0.9, 0.4, 0], [0.9, 0, 0.5], [1, 0.01, 0.01]])
    rule = make_rule(rows, delta=0.1)
    shown = showcase(rows, 3, rule).tolist()
    assert shown[0] == int(distance(rows, rule.centre[None], "cosine").argmin())
    assert {2, 3} <= set(shown)
    assert sorted(showcase(rows, 99, rule).tolist()) == [0, 1, 2, 3, 4]
    assert showcase(np.repeat(rows[:1], 4, axis=0), 3, rule).size >= 1


def test_an_image_on_the_radius_is_accepted_though_its_last_bits_differ():
    candidates = unit(np.random.default_rng(3).normal(size=(20, 8)) + 3)
    image = unit(candidates[0] + 0.1 * np.eye(8)[0])[None]
    to_request = distance(image, candidates, "cosine").min()
    rule = make_rule(candidates, delta=0.0, radius=float(to_request) - 1e-6)
    assert judge(image, rule, image[:0]).verdict == ["accepted"]
