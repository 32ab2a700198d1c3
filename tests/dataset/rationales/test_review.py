"""Decisions, their way back, the queue and the counts, on a real database."""

import math
from datetime import datetime, timedelta, timezone

import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytest
from gapsphere.plugin.dataset.rationales import decisions as review
from gapsphere.plugin.dataset.rationales import neighbors
from gapsphere.plugin.dataset.rationales import queue as review_queue
from gapsphere.plugin.dataset.store.fields import fields
from gapsphere.plugin.dataset.store.names import ReviewNames
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import DatabaseError, EmptySetError, InputError, SaveError
from gapsphere.tests.support.made_review import add_verdicts

N = 240
NAMES = ReviewNames()
HOSTILE = '<img src=x onerror=alert(1)> \'; $where: {$gt: ""} \\ \u202e 논둑 🌾\n.$a.b'


@pytest.fixture
def reviewed(dataset):
    """Samples with verdicts of two models, every defect of a score among them."""
    dataset.add_samples([fo.Sample(filepath=f"/made/{i:03d}.png", tags=["a"]) for i in range(N)])
    add_verdicts(dataset)
    add_verdicts(dataset, model="other")
    ids = dataset.values("id")
    # A file can hold any number, and rows can be missing.
    odd = {ids[3]: math.nan, ids[4]: None, ids[5]: 0.0}
    status = {ids[3]: "misclassified", ids[4]: "misclassified", ids[5]: "misclassified"}
    dataset.set_values(NAMES.llm_score, odd, key_field="id")
    dataset.set_values(NAMES.prediction_status, {**status, ids[6]: None}, key_field="id")
    return dataset


def raw(dataset, sample_id, *, without=()):
    """The document as the database holds it."""
    from bson import ObjectId

    found = dataset._sample_collection.find_one({"_id": ObjectId(sample_id)})
    return {name: value for name, value in found.items() if name not in without}


# Deciding -----------------------------------------------------------------------------------------


def test_a_decision_is_on_the_sample_with_its_time(reviewed):
    sample_id = reviewed.first().id
    before = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(seconds=1)
    made = review.decide(reviewed, sample_id, "relabel", " heath ", note="  purple\n")
    sample = reviewed[sample_id]
    sample.reload()
    stands = [sample.review_decision, sample.review_label, sample.review_note, sample.review_time]
    assert stands == ["relabel", "heath", "purple", made.time]
    assert before < made.time < before + timedelta(minutes=1)
    assert review.standing(reviewed, sample_id) == made
    assert reviewed.get_field("review_time").description


def test_text_of_any_kind_is_kept_to_the_letter(reviewed):
    sample_id = reviewed.first().id
    review.decide(reviewed, sample_id, "relabel", HOSTILE.strip(), note=HOSTILE)
    assert reviewed.match({"review_label": HOSTILE.strip()}).values("id") == [sample_id]
    assert reviewed.values("review_note")[0] == HOSTILE.strip()


@pytest.mark.parametrize(
    ("decision", "label", "note"),
    [
        ("maybe", None, None),
        ("", None, None),
        ("Agree", None, None),
        ("relabel", None, None),
        ("relabel", "   ", None),
        ("agree", "heath", None),
        ("relabel", "x" * 201, None),
        ("agree", None, "x" * 4001),
        ("agree", None, "a\0b"),
    ],
)
def test_what_is_no_decision_is_refused_and_nothing_is_written(reviewed, decision, label, note):
    sample_id = reviewed.first().id
    before = raw(reviewed, sample_id)
    with pytest.raises(InputError):
        review.decide(reviewed, sample_id, decision, label, note)
    assert raw(reviewed, sample_id) == before
    assert not reviewed.has_field("review_decision")


def test_a_sample_that_is_gone_is_named(reviewed):
    sample_id = reviewed.first().id
    reviewed.delete_samples([sample_id])
    with pytest.raises(InputError, match=sample_id):
        review.decide(reviewed, sample_id, "agree")


def test_models_are_reviewed_apart(reviewed):
    sample_id = reviewed.first().id
    review.decide(reviewed, sample_id, "agree")
    review.decide(reviewed, sample_id, "disagree", model="other")
    assert review.models(reviewed) == ["", "other"]
    assert reviewed[sample_id].review_decision == "agree"
    assert reviewed[sample_id].review_decision_other == "disagree"
    assert review.undo(reviewed).taken.decision == "agree"
    assert review.undo(reviewed) is None
    assert review.standing(reviewed, sample_id, model="other").decision == "disagree"


def test_without_verdicts_the_import_is_named(dataset):
    dataset.add_sample(fo.Sample(filepath="/made/a.png"))
    with pytest.raises(InputError, match="import"):
        review.decide(dataset, dataset.first().id, "agree")
    with pytest.raises(InputError, match="import"):
        review_queue.queue(dataset)


def test_an_unknown_model_is_refused(reviewed):
    with pytest.raises(InputError, match="'third'"):
        review_queue.counts(reviewed, model="third")


# What cannot be saved -----------------------------------------------------------------------------


def test_a_read_only_field_is_said_and_nothing_changes(reviewed):
    one, two = reviewed.limit(2).values("id")
    review.decide(reviewed, one, "agree")
    note = reviewed.get_field("review_note")
    note.read_only = True
    note.save()
    before = raw(reviewed, two)
    with pytest.raises(SaveError, match="read-only"):
        review.decide(reviewed, two, "agree", note="no")
    assert raw(reviewed, two) == before


def test_a_write_that_the_database_refuses_is_said_and_leaves_the_sample_whole(reviewed):
    one, two = reviewed.limit(2).values("id")
    review.decide(reviewed, one, "agree")
    name = reviewed._sample_collection_name
    rule = {"validator": {"review_decision": {"$in": [None, "agree"]}}}
    foo.get_db_conn().command("collMod", name, **rule)
    before = raw(reviewed, two)
    with pytest.raises(DatabaseError, match="validation"):
        review.decide(reviewed, two, "disagree", note="no")
    assert raw(reviewed, two) == before
    foo.get_db_conn().command("collMod", name, validator={})
    assert review.decide(reviewed, two, "disagree").decision == "disagree"


# The way back -------------------------------------------------------------------------------------


def test_undo_restores_the_document_to_the_very_absence_of_fields(reviewed):
    sample_id = reviewed.first().id
    before = raw(reviewed, sample_id, without=("last_modified_at",))
    review.decide(reviewed, sample_id, "relabel", "heath", note="x")
    undone = review.undo(reviewed)
    assert (undone.sample_id, undone.taken.label, undone.now) == (
        sample_id,
        "heath",
        review.Decision(),
    )
    after = raw(reviewed, sample_id, without=("last_modified_at", "review_history"))
    assert after == before
    assert not review.undoable(reviewed)


def test_undo_walks_all_steps_back_in_the_order_they_were_made(reviewed):
    rng = np.random.default_rng(2)
    ids = reviewed.limit(6).values("id")
    standing: dict = {}
    steps = []
    for _ in range(25):
        sample_id = ids[rng.integers(6)]
        decision = review.DECISIONS[rng.integers(4)]
        label = "heath" if decision == "relabel" else None
        steps.append((sample_id, standing.get(sample_id, review.Decision())))
        standing[sample_id] = review.decide(reviewed, sample_id, decision, label)
    for sample_id, before in reversed(steps):
        # As after a reload: nothing but the database knows the steps.
        undone = review.undo(fo.load_dataset(reviewed.name))
        assert (undone.sample_id, undone.now) == (sample_id, before)
        assert review.standing(reviewed, sample_id) == before
    assert review.undo(reviewed) is None
    assert review_queue.decided(reviewed) == 0


def test_two_decisions_within_a_millisecond_have_an_order(reviewed, monkeypatch):
    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2030, 1, 1, tzinfo=tz)

    monkeypatch.setattr(review, "datetime", Frozen)
    one, two = reviewed.limit(2).values("id")
    times = [review.decide(reviewed, i, "agree").time for i in (two, one, two)]
    assert times == sorted(set(times))
    assert [review.undo(reviewed).sample_id for _ in range(3)] == [two, one, two]


def test_a_decision_that_came_from_elsewhere_is_not_taken_back(reviewed):
    one, two = reviewed.limit(2).values("id")
    review.decide(reviewed, one, "agree")
    later = datetime(2040, 1, 1)
    reviewed.set_values("review_decision", {two: "disagree"}, key_field="id")
    reviewed.set_values("review_time", {two: later}, key_field="id")
    assert review.undo(reviewed).sample_id == one
    assert review.undo(reviewed) is None
    assert review.standing(reviewed, two) == review.Decision("disagree", None, None, later)


def test_history_does_not_grow_without_end(reviewed):
    sample_id = reviewed.first().id
    for _ in range(review.HISTORY_MAX + 3):
        review.decide(reviewed, sample_id, "agree")
    assert len(reviewed[sample_id].review_history) == review.HISTORY_MAX


# The queue ----------------------------------------------------------------------------------------


def brute_force(dataset):
    """The order in words, sample by sample."""

    def key(sample):
        status, score = sample.prediction_status, sample.llm_score
        tier = {"misclassified": 0, "ambiguous": 1}.get(status, 2 if sample.is_bottom_5pct else 3)
        known = score is not None and not math.isnan(score)
        return (tier, -score if known else math.inf, sample.id)

    return [sample.id for sample in sorted(dataset, key=key)]


def test_the_queue_is_what_sorting_every_sample_gives(reviewed):
    expected = brute_force(reviewed)
    assert review_queue.queue(reviewed) == expected
    tiers = [
        reviewed.match(review_queue.tier_of(NAMES, tier)).values("id")
        for tier in review_queue.TIERS
    ]
    assert all(tiers)
    for name, ids in zip(review_queue.TIERS, tiers, strict=True):
        wanted = [NAMES.prediction_status, NAMES.is_bottom_5pct]
        for values in zip(*reviewed.select(ids).values(wanted), strict=True):
            assert review_queue.tier(NAMES, dict(zip(wanted, values, strict=True))) == name
    lengths = np.cumsum([len(tier) for tier in tiers])
    for tier, end in zip(tiers, lengths, strict=True):
        assert set(expected[end - len(tier) : end]) == set(tier)


def test_the_queue_is_of_the_view_and_of_the_model(reviewed):
    view = reviewed.skip(7).limit(50)
    assert review_queue.queue(view) == brute_force(view)
    assert review_queue.queue(view, model="other") != review_queue.queue(view)


def test_decisions_do_not_move_the_queue(reviewed):
    before = review_queue.queue(reviewed)
    for sample_id in before[:3]:
        review.decide(reviewed, sample_id, "agree")
    assert review_queue.queue(reviewed) == before


def test_the_first_undecided_is_found_over_decided_and_deleted_ones(reviewed):
    ids = review_queue.queue(reviewed)
    assert review_queue.first_undecided(reviewed, ids) == ids[0]
    review.decide(reviewed, ids[0], "agree")
    decided = {sample_id: "agree" for sample_id in ids[:100]}
    reviewed.set_values("review_decision", decided, key_field="id")
    reviewed.delete_samples(ids[100:103])
    assert review_queue.first_undecided(reviewed, ids) == ids[103]
    assert review_queue.first_undecided(reviewed, ids[:103]) is None
    assert review_queue.first_undecided(reviewed, []) is None


# Counts -------------------------------------------------------------------------------------------


def test_counts_are_what_counting_every_sample_gives(reviewed):
    rng = np.random.default_rng(3)
    for sample_id in rng.choice(reviewed.values("id"), 30, replace=False):
        decision = review.DECISIONS[rng.integers(4)]
        review.decide(
            reviewed, str(sample_id), decision, "heath" if decision == "relabel" else None
        )
    found, samples = review_queue.counts(reviewed), list(reviewed)
    assert (found.total, found.decided) == (N, 30) == (N, review_queue.decided(reviewed))
    for what, of in (
        ("status", lambda s: s.prediction_status),
        ("decision", lambda s: s.review_decision),
    ):
        values = [of(sample) for sample in samples]
        assert found.by(what) == {value: values.count(value) for value in set(values)}
    sure = [s.review_decision for s in samples if s.review_decision in review.DECISIONS[:3]]
    assert found.agreement == pytest.approx(sure.count("agree") / len(sure))
    for one in found.classes:
        own = [s.prediction_status for s in samples if s.ground_truth.label == one.name]
        assert one.by_status == {status: own.count(status) for status in set(own)}
    wrong = [one.by_status.get("misclassified", 0) for one in found.classes]
    assert wrong == sorted(wrong, reverse=True)


def test_score_bins_hold_every_score_once(reviewed):
    reviewed.set_values("llm_score", {reviewed.first().id: 1.0}, key_field="id")
    found = review_queue.counts(reviewed)
    for status in review_queue.STATUSES:
        scores = [
            s.llm_score
            for s in reviewed
            if s.prediction_status == status and s.llm_score is not None
        ]
        known = [score for score in scores if not math.isnan(score)]
        assert found.scores[status] == np.histogram(known, found.edges)[0].tolist()


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        ([0.0, 1.0], (0, 1)),
        ([0.2, 7.0], (0, 10)),
        ([3.0, 88.0], (0, 100)),
        ([-3.0, 250.0], (-3, 250)),
        ([250.0, 250.0], (250, 251)),
        ([None, math.nan], (0, 1)),
    ],
)
def test_the_scale_of_scores_is_read_off_them(dataset, scores, scale):
    dataset.add_samples([fo.Sample(filepath=f"/made/{i}.png") for i in range(2)])
    for name, kind in (("prediction_status", fo.StringField), ("llm_score", fo.FloatField)):
        fields.declare(dataset, name, kind, "made up")
    dataset.set_values("llm_score", scores)
    dataset.set_values("prediction_status", ["correct", "correct"])
    assert review_queue.score_range(dataset) == scale
    known = [s for s in scores if s is not None and not math.isnan(s)]
    assert sum(review_queue.counts(dataset).scores["correct"]) == len(known)


def test_an_empty_view_counts_nothing(reviewed):
    found = review_queue.counts(reviewed.limit(0).match({"nothing": 1}))
    assert (found.total, found.decided, found.agreement, found.classes) == (0, 0, None, [])


# Neighbours ---------------------------------------------------------------------------------------


def embed(dataset, seed=0, dimension=12):
    rows = np.random.default_rng(seed).normal(size=(len(dataset), dimension)).astype(np.float32)
    vectors.write(dataset, "embedding", dataset.values("id"), rows)
    return rows.astype(np.float64)


def by_hand(dataset, rows, at, k):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    distance = 1 - unit @ unit[at]
    order = [i for i in np.argsort(distance, kind="stable") if i != at][:k]
    ids = dataset.values("id")
    return [ids[i] for i in order], distance[order]


def test_neighbours_are_those_of_the_distance_matrix(reviewed):
    rows, ids = embed(reviewed), reviewed.values("id")
    for at in (0, 17, N - 1):
        found = neighbors.nearest(reviewed, ids[at], k=8)
        expected, distance = by_hand(reviewed, rows, at, 8)
        assert found.ids == expected
        np.testing.assert_allclose(found.distance, distance, atol=1e-5)


def test_neighbours_follow_new_vectors_and_new_samples(reviewed):
    embed(reviewed)
    first = reviewed.first().id
    neighbors.nearest(reviewed, first)
    rows = embed(reviewed, seed=1)
    assert neighbors.nearest(reviewed, first).ids == by_hand(reviewed, rows, 0, 8)[0]
    twin = fo.Sample(filepath="/made/twin.png", embedding=rows[0])
    reviewed.add_sample(twin)
    assert neighbors.nearest(reviewed, twin.id).ids[0] == first


def test_the_matrix_is_read_once(reviewed, monkeypatch):
    embed(reviewed)
    ids, reads = reviewed.values("id"), []
    read = vectors.read
    monkeypatch.setattr(neighbors.vectors, "read", lambda *a, **k: reads.append(1) or read(*a, **k))
    neighbors.forget()
    for sample_id in ids[:5]:
        neighbors.nearest(reviewed, sample_id)
    assert len(reads) == 1


def test_few_samples_have_fewer_neighbours(dataset):
    dataset.add_samples([fo.Sample(filepath=f"/made/{i}.png") for i in range(3)])
    embed(dataset)
    assert len(neighbors.nearest(dataset, dataset.first().id, k=8).ids) == 2
    dataset.delete_samples(dataset.skip(1).values("id"))
    neighbors.forget()
    assert neighbors.nearest(dataset, dataset.first().id).ids == []


def test_missing_embeddings_and_too_many_have_a_sentence(reviewed, monkeypatch):
    first = reviewed.first().id
    with pytest.raises(EmptySetError, match="compute_embeddings"):
        neighbors.nearest(reviewed, first)
    embed(reviewed)
    monkeypatch.setattr(neighbors, "BYTES_MAX", 1000)
    neighbors.forget()
    with pytest.raises(InputError, match="GiB"):
        neighbors.nearest(reviewed, first)
    with pytest.raises(InputError, match="no longer in this dataset"):
        neighbors.nearest(reviewed, "0" * 24)
    reviewed.set_values("embedding", {first: None}, key_field="id")
    with pytest.raises(EmptySetError, match="This sample"):
        neighbors.nearest(reviewed, first)
