"""Answers against brute force on the same samples."""

import base64
from dataclasses import replace

import numpy as np
import pytest
from fiftyone import ViewField as F
from gapsphere.panels.gap_explorer import answers
from gapsphere.plugin.coverage.criterion import Threshold
from gapsphere.plugin.dataset.gaps import analysis
from gapsphere.plugin.errors import EmptySetError, InputError
from gapsphere.plugin.projection import questions
from gapsphere.plugin.projection.search_space import OWNED, SearchSpace
from gapsphere.plugin.projection.verdict import Judged
from gapsphere.tests.support.neighbours import assert_same_neighbours


@pytest.fixture(scope="module")
def found(made):
    return analysis.load(made)


def ask(found, query, **changes):
    params = {"query": query, "k": 8, "metric": "cosine", "search": "U", "rerank": True}
    return answers.read_question(found, found.shown(0), {**params, **changes})


def answer(found, question):
    return questions.answer(found.space, question)


def test_a_point_comes_first_and_its_nearest_candidates_after(found):
    row = int(np.flatnonzero(found.owned)[5])
    given = answer(found, ask(found, {"kind": "point", "index": row}))
    assert given.rows[0] == row
    assert given.distance[0] == 0
    pool = np.flatnonzero(~found.owned)
    exact = 1 - found.space.embeddings()[pool].astype(np.float64) @ found.space.embeddings()[row]
    assert_same_neighbours(np.searchsorted(pool, given.rows[1:]), exact, tie=1e-6)
    np.testing.assert_allclose(given.distance[1:], np.sort(exact)[:8], atol=1e-5)


def test_re_ranking_orders_by_embedding_and_without_it_by_sphere(found):
    query = {"kind": "place", "direction": [0.2, -0.4, 0.9]}
    with_it = answer(found, ask(found, query))
    assert (np.diff(with_it.distance) >= 0).all()
    without = answer(found, ask(found, query, rerank=False))
    pool = np.flatnonzero(~found.owned)
    direction = np.array([0.2, -0.4, 0.9]) / np.linalg.norm([0.2, -0.4, 0.9])
    nearest = pool[np.argsort(-(found.sphere[pool] @ direction), kind="stable")[:8]]
    assert without.rows.tolist() == nearest.tolist()


def test_the_metric_orders_alike_and_measures_otherwise(found):
    query = {"kind": "place", "direction": [1, 0, 0]}
    cosine = answer(found, ask(found, query))
    euclidean = answer(found, ask(found, query, metric="euclidean"))
    assert cosine.rows.tolist() == euclidean.rows.tolist()
    np.testing.assert_allclose(euclidean.distance**2, 2 * cosine.distance, rtol=1e-4, atol=1e-6)
    assert cosine.verdict == euclidean.verdict


@pytest.mark.parametrize("search", ["S", "U", "both"])
def test_the_search_stays_in_its_set(found, search):
    query = {"kind": "place", "direction": [0, 1, 0]}
    rows = answer(found, ask(found, query, search=search)).rows
    assert set(rows) <= set(found.space.members(search))


def test_a_place_tells_what_lies_within_the_reach_of_the_sphere(found):
    direction = np.array(found.sphere[5], np.float64)
    given = answer(found, ask(found, {"kind": "place", "direction": direction.tolist()}))
    apart = np.arccos(np.clip(found.sphere @ direction, -1, 1))
    near = np.flatnonzero(apart <= found.space.reach() + 1e-7)
    around = given.verdict.around
    assert around.count == len(near)
    assert around.owned == int(found.owned[near].sum())
    assert around.gaps == int((found.dist[near] > found.threshold.delta).sum())
    assert around.next_owned == pytest.approx(np.degrees(apart[found.owned].min()), abs=0.05)
    assert around.next_pool == pytest.approx(np.degrees(apart[~found.owned].min()), abs=0.05)
    far = found.dist[near][~found.owned[near]]
    if len(far):
        assert around.distances == pytest.approx((far.min(), np.median(far), far.max()))
    assert given.verdict.distance is None


def test_owned_images_stand_beside_the_candidates_of_a_place_and_of_a_cap(found):
    direction = found.sphere[int(np.flatnonzero(found.owned)[0])].tolist()
    for query in (
        {"kind": "place", "direction": direction},
        {"kind": "cap", "direction": direction, "angle": 0.5},
    ):
        given = answer(found, ask(found, query))
        assert found.owned[given.owned].all()
        assert len(given.owned) == questions.OWNED_SHOWN
        assert not found.owned[given.rows].any()
        both = answer(found, ask(found, query, search="both"))
        assert not set(both.rows) & set(both.owned)


def test_spread_images_are_of_the_neighbourhood_and_less_alike_than_the_nearest(found):
    row = int(np.flatnonzero(~found.owned)[3])
    for query in ({"kind": "point", "index": row}, {"kind": "place", "direction": [0, 0, 1]}):
        nearest = answer(found, ask(found, query))
        given = answer(found, ask(found, query, spread=True))
        assert len(given.rows) == len(nearest.rows)
        assert given.rows[0] == nearest.rows[0]
        wide = answer(found, ask(found, query, k=48))
        assert set(given.rows) <= set(wide.rows)
        assert (np.diff(given.distance) >= 0).all()
        apart = [_apart(found, each.rows) for each in (given, nearest)]
        assert apart[0] >= apart[1]


def _apart(found, rows):
    """The least distance between two of the images."""
    vectors = found.space.embeddings()[rows].astype(np.float64)
    return (1 - vectors @ vectors.T + 2 * np.eye(len(rows))).min()


def test_a_candidate_is_judged_by_its_own_fields(found):
    row = int(np.flatnonzero(~found.owned)[3])
    verdict = answer(found, ask(found, {"kind": "point", "index": row})).verdict
    assert verdict.kind == "U"
    assert verdict.distance == pytest.approx(float(found.dist[row]))
    assert verdict.support == found.support[row] >= 0
    assert verdict.percentile == pytest.approx(float(found.percentile[row]))


def test_an_image_of_s_has_the_percentile_of_its_distance(found):
    row = int(np.flatnonzero(found.owned)[11])
    verdict = answer(found, ask(found, {"kind": "point", "index": row})).verdict
    assert verdict.percentile == pytest.approx(found.space.percentile_of(verdict.distance))


def test_an_owned_image_is_judged_against_other_sequences(found, made):
    row = int(np.flatnonzero(found.owned)[11])
    sequence = dict(zip(*made.values(["id", "sequence"]), strict=True))
    named = np.array([sequence[i] for i in found.ids.text()])
    others = found.owned & (named != named[row])
    exact = (
        1 - found.space.embeddings()[others].astype(np.float64) @ found.space.embeddings()[row]
    ).min()
    verdict = answer(found, ask(found, {"kind": "point", "index": row})).verdict
    assert verdict.kind == "S"
    assert verdict.distance == pytest.approx(exact, abs=1e-5)


def test_a_lower_delta_makes_a_gap_of_a_covered_place(found):
    query = {"kind": "point", "index": int(np.flatnonzero(~found.owned)[3])}
    assert answer(found, ask(found, query, delta=0.0)).verdict.status == "gap"
    assert answer(found, ask(found, query, delta=2.0)).verdict.status == "covered"


def test_the_farthest_gap_is_filled_by_candidates_nearer_to_it_than_s(found):
    row = int(np.nanargmax(found.dist))
    verdict = answer(found, ask(found, {"kind": "point", "index": row}, delta=0.0)).verdict
    pool = np.flatnonzero(~found.owned)
    near = pool[np.argsort(-(found.sphere[pool] @ found.sphere[row]), kind="stable")[:50]]
    here = 1 - found.space.embeddings()[near] @ found.space.embeddings()[row]
    assert verdict.candidates == int(((found.dist[near] > 0) & (here < found.dist[row])).sum())
    assert verdict.candidates >= 1
    assert verdict.looked_at == 50


def test_a_distance_of_delta_is_no_gap(found):
    row = int(np.nanargmax(found.dist))
    point = {"kind": "point", "index": row}
    all_of_them = answer(found, ask(found, point, delta=0.0)).verdict
    pool = np.flatnonzero(~found.owned)
    near = pool[np.argsort(-(found.sphere[pool] @ found.sphere[row]), kind="stable")[:50]]
    filling = near[
        (1 - found.space.embeddings()[near] @ found.space.embeddings()[row]) < found.dist[row]
    ]
    least = float(found.dist[filling].min())
    verdict = answer(found, ask(found, point, delta=least)).verdict
    assert verdict.candidates == all_of_them.candidates - int((found.dist[filling] == least).sum())
    at = answer(found, ask(found, point, delta=float(found.dist[row]))).verdict
    assert at.status == "covered"


def test_a_euclidean_analysis_is_judged_in_its_own_metric(found):
    delta = float(np.sqrt(2 * 0.05))
    other = replace(
        found,
        threshold=Threshold(delta, "given", "euclidean"),
        dist=np.sqrt(2 * found.dist),
        verdicts=np.where(found.owned, OWNED, found.dist > 0.05).astype(np.int8),
    )
    for query in (
        {"kind": "point", "index": int(np.flatnonzero(found.owned)[11])},
        {"kind": "point", "index": int(np.nanargmax(found.dist))},
    ):
        cosine = answer(found, ask(found, query, delta=0.05)).verdict
        euclidean = answer(other, ask(other, query, delta=None)).verdict
        assert euclidean.threshold.metric == "euclidean"
        assert euclidean.distance**2 == pytest.approx(2 * cosine.distance, rel=1e-4)
        assert euclidean.candidates == cosine.candidates
        assert euclidean.status == cosine.status


def test_without_candidates_an_owned_image_still_has_a_verdict(found):
    all_owned = replace(found, owned=np.ones(len(found), bool))
    query = {"kind": "point", "index": 7}
    verdict = answer(all_owned, ask(all_owned, query, search="S")).verdict
    assert (verdict.candidates, verdict.looked_at) == (0, 0)


def test_a_cap_holds_exactly_the_points_within_its_angle(found):
    centre, angle = np.array([0.0, 0.0, 1.0]), 0.7
    query = {"kind": "cap", "direction": centre.tolist(), "angle": angle}
    given = answer(found, ask(found, query))
    inside = np.flatnonzero(found.sphere @ centre >= np.cos(angle))
    assert sorted(given.inside) == inside.tolist()
    closeness = found.sphere[given.rows] @ centre
    assert (np.diff(closeness) <= 1e-6).all()
    ids = answers.ids_of(found, given)
    assert len(ids) == len(set(ids)) == len(inside)
    assert ids[: len(given.rows)] == found.ids.text(given.rows)


def test_an_empty_cap_is_an_answer(found):
    far = -found.sphere.mean(axis=0)
    query = {"kind": "cap", "direction": far.tolist(), "angle": 1e-6}
    question = ask(found, query)
    reply = answers.reply(found, found.shown(0), query, "s", question, answer(found, question))
    assert reply["total"] == 0
    assert reply["words"]["tone"] == "empty"


def test_a_drive_is_an_answer_of_its_images(found, made):
    drive = made.match_tags("U").first()["sequence"]
    given = answer(found, ask(found, {"kind": "drive", "drive": drive}))
    ids = made.match_tags("U").match(F("sequence") == drive).values("id")
    assert sorted(found.ids.text(given.inside)) == sorted(ids)
    assert (np.diff(found.dist[given.rows]) <= 0).all()
    assert given.verdict.kind == "drive"
    with pytest.raises(InputError, match="drive 'nowhere'"):
        ask(found, {"kind": "drive", "drive": "nowhere"})


def test_a_lasso_holds_the_points_drawn_that_it_was_drawn_around(found):
    shown = found.shown(150)
    inside = np.zeros(len(shown), bool)
    inside[[2, 17, 64, 149]] = True
    bits = base64.b64encode(np.packbits(inside, bitorder="little").tobytes()).decode()
    params = {"query": {"kind": "lasso", "mask": bits}, "search": "U"}
    question = answers.read_question(found, shown, params)
    given = answer(found, question)
    assert sorted(given.inside) == shown[inside].tolist()
    far = found.dist[given.rows]
    assert (np.diff(far[np.isfinite(far)]) <= 0).all()
    reply = answers.reply(found, shown, params["query"], "s", question, given)
    lit = np.frombuffer(base64.b64decode(reply["highlight"]), np.uint32)
    assert (sorted(lit), reply["total"]) == ([2, 17, 64, 149], 4)
    # Points that are not drawn cannot be drawn around: the answer says so.
    assert "Of the 150 points drawn of 400." in reply["words"]["evidence"]


def test_cards_say_where_each_image_is_among_the_points_shown(found, made):
    shown = found.shown(120)
    rows = np.array([shown[4], next(r for r in range(len(found)) if r not in set(shown))])
    first, second = answers.cards(found, shown, rows, None, Judged.of(found.space, None))
    assert (first["index"], second["index"]) == (4, -1)
    assert first["filepath"] == made[first["id"]].filepath
    assert first["set"] == ("S" if found.owned[rows[0]] else "U")


def test_an_answer_lights_all_of_its_points_that_are_shown(found):
    whole = {"kind": "cap", "direction": [0.0, 0.0, 1.0], "angle": np.pi}
    given = answer(found, ask(found, whole))
    assert len(given.inside) == len(found)
    last = len(found) - 1
    for shown in (np.arange(last), np.arange(3, len(found)), np.array([last])):
        made = answers.reply(found, shown, whole, "s", ask(found, whole), given)
        lit = np.frombuffer(base64.b64decode(made["highlight"]), np.uint32)
        assert sorted(lit) == list(range(len(shown)))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"kind": "moon"},
        {"kind": "point", "index": 400},
        {"kind": "point", "id": "f" * 24},
        {"kind": "place", "direction": [0, 0, 0]},
        {"kind": "cap", "direction": [0, float("nan"), 1], "angle": 1},
        {"kind": "lasso"},
        {"kind": "lasso", "mask": "a"},
        {"kind": "lasso", "mask": "AAAA"},
        {"kind": "lasso", "mask": base64.b64encode(bytes(50)).decode()},
    ],
)
def test_what_is_no_question_is_refused_with_a_sentence(found, query):
    with pytest.raises(InputError, match=r"\w+ .*\."):
        ask(found, query)


def test_an_empty_search_set_is_refused_with_a_sentence(found, monkeypatch):
    monkeypatch.setattr(SearchSpace, "members", lambda self, which: np.empty(0, int))
    with pytest.raises(EmptySetError, match="no point to search"):
        answer(found, ask(found, {"kind": "place", "direction": [0, 0, 1]}))
