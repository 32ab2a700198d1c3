"""The review panel as FiftyOne calls it, event by event; no browser."""

import math

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from gapsphere.panels.rationale_review import contract, orders
from gapsphere.plugin.dataset.rationales import decisions as review
from gapsphere.plugin.dataset.rationales import queue as review_queue
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.tests.support.contracts import check
from gapsphere.tests.support.made_review import add_verdicts

URI = "@gapsphere/gap-explorer/rationale_review"
N = 60


@pytest.fixture
def reviewed(dataset):
    dataset.add_samples([fo.Sample(filepath=f"/made/{i:03d}.png") for i in range(N)])
    add_verdicts(dataset)
    add_verdicts(dataset, model="other")
    rows = np.random.default_rng(0).normal(size=(N, 6)).astype(np.float32)
    vectors.write(dataset, "embedding", dataset.values("id"), rows)
    return dataset


class Panel:
    """The panel of one dataset; ``opened`` is the sample that the last event opened."""

    def __init__(self, dataset, view=None):
        self.dataset, self.view, self.opened = dataset, view, None

    def call(self, method, **params):
        context = {"panel_id": "review", "__method__": method, "panel_state": {}}
        given = {"dataset": self.dataset} if self.view is None else {"view": self.view}
        done = foo.execute_operator(URI, **given, params={**context, "model": "", **params})
        asked = done.executor.to_json()["requests"]
        opened = [r["params"]["id"] for r in asked if r["operator_uri"] == "open_sample"]
        self.opened = opened[-1] if opened else None
        return check(contract, method, done.result)

    def decide(self, sample_id, decision="agree", **params):
        given = {"label": None, "note": None, "advance": True, **params}
        return self.call("decide", id=sample_id, decision=decision, **given)


@pytest.fixture
def panel(reviewed):
    return Panel(reviewed)


def test_opening_tells_what_holds_for_all_samples(panel, reviewed):
    opened = panel.call("open", model=None)
    assert opened["kind"] == "ready"
    assert [model["name"] for model in opened["models"]] == ["", "other"]
    assert opened["progress"] == {"decided": 0, "total": N}
    assert opened["labels"] == review.labels(reviewed)
    assert (opened["scale"], opened["embeddings"], opened["can_undo"]) == ((0, 1), True, False)


def test_a_model_that_is_gone_gives_way_to_the_first(panel):
    assert panel.call("open", model="gone")["model"] == ""


@pytest.mark.parametrize("samples", [0, 3])
def test_a_dataset_without_verdicts_has_a_face(dataset, samples):
    dataset.add_samples([fo.Sample(filepath=f"/made/{i}.png") for i in range(samples)])
    opened = Panel(dataset).call("open")
    assert opened["kind"] == ("no_verdicts" if samples else "empty")


def test_a_card_holds_what_the_sample_holds(panel, reviewed):
    sample = reviewed.match({"prediction_status": "misclassified"}).first()
    panel.call("open")
    card = panel.call("card", id=sample.id)["card"]
    assert card["name"] == sample.filename
    assert [card[name] for name in ("truth", "status", "score", "rationale")] == [
        sample.ground_truth.label,
        "misclassified",
        sample.llm_score,
        sample.llm_rationale,
    ]
    assert card["others"] == [
        {
            "model": "other",
            "status": sample.prediction_status_other,
            "score": sample.llm_score_other,
        }
    ]
    assert card["at"]["queue"] == review_queue.queue(reviewed).index(sample.id)
    assert card["at"]["view"] == reviewed.values("id").index(sample.id)


def test_a_card_tells_the_class_that_the_model_answered_with(panel, reviewed):
    sample_id = reviewed.first().id
    panel.call("open")
    assert panel.call("card", id=sample_id)["card"]["prediction"] is None
    for model in ("", "_other"):
        reviewed.set_values(f"llm_prediction{model}", {sample_id: f"fog{model}"}, key_field="id")
        card = panel.call("card", id=sample_id, model=model.removeprefix("_"))["card"]
        assert card["prediction"] == f"fog{model}"


@pytest.mark.parametrize(("answer", "shown"), [(0, "0"), (fo.Classification(label="fog"), "fog")])
def test_a_class_may_be_a_number_or_a_label(panel, reviewed, answer, shown):
    sample_id = reviewed.first().id
    reviewed.set_values("llm_class", {sample_id: answer}, key_field="id")
    panel.call("open")
    assert panel.call("card", id=sample_id)["card"]["prediction"] == shown


def test_a_card_survives_a_sample_with_nothing_on_it(panel, reviewed):
    bare = fo.Sample(filepath="/made/bare.png")
    reviewed.add_sample(bare)
    reviewed.set_values("llm_score", {bare.id: math.nan}, key_field="id")
    panel.call("open")
    card = panel.call("card", id=bare.id)["card"]
    empty = ("truth", "status", "score", "rationale", "raw")
    assert [card[name] for name in empty] == [None] * 5
    assert (card["tier"], card["decision"]["decision"]) == ("rest", None)


def test_a_rationale_that_never_ends_is_cut_and_says_so(panel, reviewed):
    sample_id = reviewed.first().id
    reviewed.set_values("llm_rationale", {sample_id: "x" * 20_007}, key_field="id")
    panel.call("open")
    card = panel.call("card", id=sample_id)["card"]
    assert (len(card["rationale"]), card["cut"]) == (20_000, 7)


def test_a_decision_is_saved_and_the_next_of_the_queue_opens(panel, reviewed):
    panel.call("open")
    queue = review_queue.queue(reviewed)
    answer = panel.decide(queue[0], note="sure")
    assert answer["card"]["decision"]["decision"] == "agree"
    assert answer["card"]["decision"]["time"].endswith("Z")
    assert (answer["next"]["id"], panel.opened) == (queue[1], queue[1])
    assert answer["progress"] == {"decided": 1, "total": N}
    assert reviewed[queue[0]].review_note == "sure"


def test_without_going_on_the_sample_stays(panel, reviewed):
    panel.call("open")
    answer = panel.decide(reviewed.first().id, advance=False)
    assert (answer["next"], panel.opened) == (None, None)


def test_after_the_last_of_the_queue_comes_what_was_left_out(panel, reviewed):
    panel.call("open")
    queue = review_queue.queue(reviewed)
    for sample_id in queue[1:-1]:
        review.decide(reviewed, sample_id, "agree")
    assert panel.decide(queue[-1])["next"]["id"] == queue[0]
    last = panel.decide(queue[0])
    assert (last["next"], last["progress"]["decided"]) == (None, N)


def test_a_refusal_comes_back_as_a_sentence(panel, reviewed):
    sample_id = reviewed.first().id
    assert "class" in panel.decide(sample_id, "relabel")["error"]
    assert "No sample" in panel.decide(None)["error"]
    assert "no longer in this dataset" in panel.decide("0" * 24)["error"]
    assert "'nobody'" in panel.call("card", id=sample_id, model="nobody")["error"]
    panel.decide(sample_id)
    field = reviewed.get_field("review_decision")
    field.read_only = True
    field.save()
    assert "read-only" in panel.decide(sample_id, "disagree")["error"]
    assert review.standing(reviewed, sample_id).decision == "agree"


def test_undo_opens_the_sample_it_gave_back(panel, reviewed):
    panel.call("open")
    queue = review_queue.queue(reviewed)
    panel.decide(queue[4], "relabel", label="heath")
    answer = panel.call("undo")
    assert (answer["taken"], panel.opened) == ("relabel", queue[4])
    assert answer["card"]["decision"]["decision"] is None
    assert answer["can_undo"] is False
    assert panel.call("undo")["card"] is None


def test_steps_go_over_the_queue_or_over_the_view(panel, reviewed):
    panel.call("open")
    queue, ids = review_queue.queue(reviewed), reviewed.values("id")
    for over, order in (("queue", queue), ("view", ids)):
        assert panel.call("step", id=order[3], over=over, by=1)["card"]["id"] == order[4]
        assert panel.call("step", id=order[3], over=over, by=-1)["card"]["id"] == order[2]
        assert panel.opened == order[2]
        assert panel.call("step", id=order[0], over=over, by=-1)["card"] is None
        assert panel.call("step", id=order[-1], over=over, by=1)["card"] is None


def test_steps_pass_over_deleted_samples(panel, reviewed):
    panel.call("open")
    queue = review_queue.queue(reviewed)
    reviewed.delete_samples(queue[1:3])
    assert panel.call("step", id=queue[0], over="queue", by=1)["card"]["id"] == queue[3]


def test_only_the_view_is_reviewed(reviewed):
    view = reviewed.match({"prediction_status": "misclassified"}).limit(5)
    panel = Panel(reviewed, view)
    assert panel.call("open")["progress"] == {"decided": 0, "total": 5}
    outside = reviewed.match({"prediction_status": "correct"}).first().id
    card = panel.call("card", id=outside)["card"]
    assert card["at"] == {"queue": None, "view": None}
    assert "view" in panel.call("show", id=outside)["error"]
    queue = review_queue.queue(view)
    assert panel.decide(outside)["next"]["id"] == queue[0]
    assert panel.call("show", id=queue[2])["card"]["id"] == panel.opened == queue[2]


def test_neighbours_say_their_status_and_whether_they_can_be_opened(reviewed):
    sample_id = reviewed.first().id
    panel = Panel(reviewed, reviewed.limit(N // 2))
    found = panel.call("neighbors", id=sample_id)["neighbors"]
    assert len(found) == 8
    shown = set(reviewed.limit(N // 2).values("id"))
    for row in found:
        sample = reviewed[row["id"]]
        assert row["status"] == sample.prediction_status
        assert row["truth"] == sample.ground_truth.label
        assert row["here"] == (row["id"] in shown)
    assert {row["here"] for row in found} == {True, False}
    distances = [row["distance"] for row in found]
    assert distances == sorted(distances)


def test_no_embeddings_is_a_sentence(panel, reviewed):
    reviewed.delete_sample_field("embedding")
    assert panel.call("open")["embeddings"] is False
    answer = panel.call("neighbors", id=reviewed.first().id)
    assert "compute_embeddings" in answer["error"]


def test_an_order_is_kept_until_the_panel_opens_again(reviewed):
    view = reviewed.view()
    kept = orders.Orders()
    first = kept.get(view, "", "queue", renew=True)
    reviewed.set_values("prediction_status", ["correct"] * N)
    assert kept.get(view, "", "queue") is first
    assert kept.get(view, "", "queue", renew=True).ids != first.ids
    for size in range(1, 20):
        kept.get(reviewed.limit(size), "", "view")
    assert len(kept) == orders.KEPT
