"""Questions on arrays alone; ``tests/panels/test_queries.py`` asks them of a dataset."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.coverage.criterion import CANNOT_SAY, COVERED, GAP, Threshold
from gapsphere.plugin.coverage.yardstick import Yardstick
from gapsphere.plugin.errors import EmptySetError, InputError
from gapsphere.plugin.projection import questions
from gapsphere.plugin.projection.questions import Question, answer, unit_direction
from gapsphere.plugin.projection.search_space import OWNED, SearchSpace
from gapsphere.plugin.projection.sphere import to_unit_sphere
from gapsphere.plugin.projection.verdict import Judged
from gapsphere.tests.support.neighbours import assert_same_neighbours


def random_sphere(n, seed=0):
    return to_unit_sphere(np.random.default_rng(seed).normal(size=(n, 3)), centre=np.zeros(3))


def space(sphere, rows=None, owned=None, **changes):
    """All of U unless said otherwise, each at distance 0.2 from S."""
    owned = np.zeros(len(sphere), bool) if owned is None else owned
    columns = {
        "sphere": sphere,
        "owned": owned,
        "dist": np.where(owned, np.nan, 0.2).astype(np.float32),
        "percentile": np.where(owned, np.nan, 60).astype(np.float32),
        "threshold": Threshold(0.1, "given"),
        "yardstick": Yardstick.of([0.05, 0.1, 0.3]),
        "embeddings": lambda: rows,
    }
    return SearchSpace(**{**columns, **changes})


def places(count, seed=2):
    return [unit_direction(row) for row in random_sphere(count, seed)]


def trust_at(within, direction):
    """The trust that a verdict gives, the whole searched; S is the first row."""
    return answer(within, Question("place", direction=direction, search="both")).verdict.trust


def one_owned(n):
    return np.arange(n) == 0


def test_trust_is_high_on_a_true_sphere_and_by_chance_on_a_shuffled_one():
    rows = random_sphere(600)
    true = space(rows, rows, one_owned(600))
    assert np.mean([trust_at(true, place) for place in places(60)]) > 0.95
    shuffled = space(random_sphere(600, seed=1), rows, one_owned(600))
    # chance is 50 / 600; the mean leans towards what it is made of
    assert np.mean([trust_at(shuffled, place) for place in places(60)]) < 0.25


def test_trust_counts_the_neighbours_that_are_near(clusters, fitted):
    vectors = clusters[0].astype(np.float64)
    for place in places(9):
        around = np.argsort(np.linalg.norm(fitted.sphere - place, axis=1))
        mean = vectors[around[:50]].mean(axis=0)
        near = np.argsort(-(vectors @ mean))[:50]
        expected = np.isin(around[:30], near).mean()
        within = space(fitted.sphere, clusters[0], one_owned(240))
        assert trust_at(within, place) == pytest.approx(expected)


def test_trust_of_a_sample_uses_its_own_embedding(clusters, fitted):
    within = space(fitted.sphere, clusters[0])
    near = np.argsort(-(clusters[0].astype(np.float64) @ clusters[0][7]))[:50]
    around = np.argsort(np.linalg.norm(fitted.sphere - fitted.sphere[7], axis=1))[:30]
    question = Question("point", row=7, direction=within.direction(7))
    assert answer(within, question).verdict.trust == pytest.approx(np.isin(around, near).mean())


def test_few_samples_say_nothing_of_trust():
    rows = random_sphere(30)
    assert trust_at(space(rows, rows, one_owned(30)), (0.0, 0.0, 1.0)) is None


@pytest.mark.parametrize(("pool", "known"), [(50, False), (51, True)])
def test_a_set_that_is_all_neighbours_says_nothing_of_trust(pool, known):
    """A shuffled sphere among 200 images of S: the 50 nearest of 50 candidates are all of them."""
    count = 200 + pool
    within = space(random_sphere(count, seed=1), random_sphere(count), np.arange(count) < 200)
    asked = Question("place", direction=(0.0, 0.0, 1.0), search="U")
    verdict = answer(within, asked).verdict
    assert (verdict.trust is not None) == known
    assert verdict.trust_k == (30 if known else 0)


def test_samples_that_cancel_out_leave_the_nearest_one():
    opposite = np.array([[0, -1.0], [0, 1.0]], np.float32)
    assert questions.mean_direction(opposite).tolist() == [0, -1]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_re_ranking_orders_the_sphere_neighbours_by_embedding_distance(clusters, fitted, metric):
    vectors, place = clusters[0].astype(np.float64), places(3)[2]
    asked = Question("place", direction=place, metric=metric, k=8)
    given = answer(space(fitted.sphere, clusters[0]), asked)
    around = np.argsort(np.linalg.norm(fitted.sphere - place, axis=1))[:200]
    mean = vectors[around[:50]].mean(axis=0)
    cosine = 1 - vectors[around] @ (mean / np.linalg.norm(mean))
    every = np.full(240, np.inf)
    every[around] = cosine
    assert_same_neighbours(given.rows, every, tie=1e-6)
    truth = np.sort(cosine)[:8] if metric == "cosine" else np.sqrt(2 * np.sort(cosine)[:8])
    assert np.allclose(given.distance, truth, atol=1e-5)


def test_re_ranking_reaches_past_the_nearest_on_the_sphere():
    """A candidate that the projection put a little farther off is still found."""
    sphere = to_unit_sphere(np.c_[np.linspace(0, 1, 100), np.ones(100), np.zeros(100)], [0, 0, 0])
    vectors = np.eye(100, dtype=np.float32)
    vectors[60] = (vectors[0] + vectors[60]) / np.sqrt(2)
    asked = Question("point", row=0, direction=unit_direction(sphere[0]), k=1)
    within = space(sphere, vectors)
    assert answer(within, asked).rows.tolist() == [0, 60]
    as_drawn = Question("point", row=0, direction=asked.direction, k=1, rerank=False)
    assert answer(within, as_drawn).rows.tolist() == [0, 1]


def test_without_a_yardstick_an_image_of_s_has_no_percentile():
    rows = random_sphere(60)
    within = space(rows, rows, np.arange(60) < 2, yardstick=None)
    point = Question("point", row=0, direction=within.direction(0))
    assert answer(within, point).verdict.percentile is None


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_copies_in_s_are_exactly_no_distance_apart(metric):
    rows = np.random.default_rng(5).normal(size=(30, 48))
    rows = np.repeat(rows / np.linalg.norm(rows, axis=1, keepdims=True), 2, axis=0)
    owned, threshold = np.ones(60, bool), Threshold(0.1, "given", metric=metric)
    known = {"threshold": threshold, "yardstick": Yardstick.of(np.zeros(60))}
    within = space(random_sphere(60), rows.astype(np.float32), owned, **known)
    for row in range(60):
        point = Question("point", row=row, direction=within.direction(row), search="S")
        verdict = answer(within, point).verdict
        assert (verdict.distance, verdict.percentile) == (0, 50)


def line_of_images(codes, owned, **changes):
    """Images a degree apart along a meridian, with these verdicts."""
    angle = np.radians(np.arange(len(codes)))
    places = np.c_[np.sin(angle), np.zeros(len(codes)), np.cos(angle)].astype(np.float32)
    return space(places, places, np.array(owned), verdicts=np.array(codes, np.int8), **changes)


def at_the_pole(within, **changes):
    return answer(within, Question("place", direction=(0.0, 0.0, 1.0), **changes)).verdict


def test_a_place_is_what_most_images_around_it_are():
    images = 12 * [False]
    assert at_the_pole(line_of_images(12 * [GAP], images)).status == "gap"
    assert at_the_pole(line_of_images(12 * [COVERED], images)).status == "covered"
    assert at_the_pole(line_of_images(12 * [CANNOT_SAY], images)).status == "cannot say"


def test_a_place_counts_the_images_within_its_reach_and_their_drives():
    # A degree apart, so only the pole's own image and the next are within the reach of a degree.
    within = line_of_images(
        [GAP, OWNED, *10 * [COVERED]],
        [False, True, *10 * [False]],
        drives=lambda: np.array([0, 1, *10 * [-1]]),
    )
    around = at_the_pole(within).around
    assert around.angle == pytest.approx(1, abs=1e-3)
    assert (around.gaps, around.covered, around.owned, around.drives) == (1, 0, 1, 2)
    assert around.distances == pytest.approx((0.2, 0.2, 0.2))


def test_a_place_beyond_the_reach_of_all_images_is_empty():
    within = line_of_images(12 * [GAP], 12 * [False])
    verdict = answer(within, Question("place", direction=(0.0, 1.0, 0.0))).verdict
    assert verdict.status == "empty"
    assert verdict.around.count == 0


def test_a_sphere_of_one_point_has_no_reach():
    places = np.tile(np.float32([0, 0, 1]), (12, 1))
    within = space(places, places, np.array([True] * 6 + [False] * 6))
    verdict = answer(within, Question("place", direction=(0.0, 1.0, 0.0))).verdict
    assert (verdict.status, verdict.around.angle) == ("empty", 0)


def test_few_drives_never_cover_a_place():
    few = Threshold(0.1, "stretches", basis="provisional", cutoff=0.1)
    within = line_of_images(12 * [OWNED], 12 * [True], threshold=few)
    assert at_the_pole(within, search="S").status == "cannot say"


def test_a_drive_is_judged_by_its_images_the_farthest_first():
    within = line_of_images(
        [GAP, GAP, COVERED], 3 * [False], dist=np.array([0.3, 0.5, 0.1], np.float32)
    )
    given = answer(within, Question("drive", drive="a", rows=np.array([0, 1, 2]), k=2))
    assert given.rows.tolist() == [1, 0]
    assert given.inside.tolist() == [0, 1, 2]
    assert (given.verdict.kind, given.verdict.status) == ("drive", "gap")


@pytest.mark.parametrize(("p", "status"), [(0.1, "gap"), (0.2, "covered"), (None, "gap")])
def test_a_drive_is_judged_by_its_p_value_where_it_has_one(p, status):
    level = Threshold(0.1, "level", basis="level", drives=9, level=0.1)
    within = line_of_images([GAP, GAP, COVERED], 3 * [False], threshold=level)
    given = answer(within, Question("drive", drive="a", rows=np.array([0, 1, 2]), p=p))
    assert given.verdict.status == status
    provisional = replace(level, basis="provisional", drives=3)
    few = line_of_images(3 * [CANNOT_SAY], 3 * [False], threshold=provisional)
    asked = Question("drive", drive="a", rows=np.array([0, 1, 2]), p=p)
    assert answer(few, asked).verdict.status == "cannot say"


def test_a_tried_delta_is_judged_by_distance_and_says_its_level():
    run = Threshold(0.1, "level", basis="level", drives=3, level=0.25)
    within = space(random_sphere(60), random_sphere(60), threshold=run)
    at_run = Judged.of(within, None)
    assert at_run.threshold is run
    tried = Judged.of(within, 0.25)
    assert (tried.verdicts == COVERED).all()
    # Two of the three distances inside S are within 0.25: 1 - 2/3 * 3/4.
    assert tried.threshold.level == pytest.approx(0.5)


def test_an_image_that_was_not_measured_is_judged_where_it_is():
    rows = random_sphere(60)
    dist = np.full(60, np.nan, np.float32)
    within = space(rows, rows, one_owned(60), dist=dist)
    verdict = answer(within, Question("point", row=9, direction=within.direction(9))).verdict
    exact = 1 - float(rows[9] @ rows[0])
    assert verdict.distance == pytest.approx(exact, abs=1e-6)
    assert verdict.status == ("gap" if exact > 0.1 else "covered")


def test_an_empty_search_set_is_refused():
    rows = random_sphere(40)
    with pytest.raises(EmptySetError, match="S has no point"):
        answer(space(rows, rows), Question("place", search="S"))


@pytest.mark.parametrize(
    "direction", [None, [0, 0, 0], [1, 2], [0, np.inf, 1], "north", [[1, 0, 0]], ["a", "b", "c"]]
)
def test_what_is_not_a_direction_is_refused(direction):
    with pytest.raises(InputError, match="not a direction"):
        unit_direction(direction)


def test_a_huge_direction_is_a_direction():
    assert unit_direction([1e308, 0, 1e308]) == pytest.approx((0.5**0.5, 0, 0.5**0.5))


def test_embeddings_are_read_once_while_threads_ask():
    rows, reads = random_sphere(40), []

    def read():
        reads.append(1)
        time.sleep(0.05)
        return rows

    within = space(rows, embeddings=read)
    threads = [threading.Thread(target=within.embeddings) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == [1]


def test_reading_that_failed_is_tried_again():
    answers = iter([EmptySetError("gone"), random_sphere(40)])

    def read():
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    within = space(random_sphere(40), embeddings=read)
    with pytest.raises(EmptySetError):
        within.embeddings()
    assert len(within.embeddings()) == 40
