"""The summary panel as FiftyOne calls it: every bar counts what a click on it shows."""

import json

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from fiftyone import ViewField as F
from gapsphere.panels.rationale_summary import contract
from gapsphere.plugin.dataset.rationales import decisions as review
from gapsphere.plugin.dataset.rationales import queue as review_queue
from gapsphere.tests.support.contracts import check
from gapsphere.tests.support.made_review import add_verdicts

URI = "@gapsphere/gap-explorer/rationale_summary"
N = 90


@pytest.fixture
def reviewed(dataset):
    dataset.add_samples([fo.Sample(filepath=f"/made/{i:03d}.png") for i in range(N)])
    add_verdicts(dataset)
    ids = dataset.values("id")
    dataset.set_values("ground_truth", {ids[0]: None}, key_field="id")
    dataset.set_values("prediction_status", {ids[1]: None}, key_field="id")
    for sample_id, decision in zip(ids[::7], review.DECISIONS * 3, strict=False):
        review.decide(dataset, sample_id, decision, "heath" if decision == "relabel" else None)
    return dataset


class Panel:
    """One open panel over one grid, whose view follows what the panel sets."""

    def __init__(self, dataset, panel_id, view=None):
        self.dataset, self.id = dataset, panel_id
        self.view = dataset.view() if view is None else view

    def call(self, method, **params):
        context = {"panel_id": self.id, "__method__": method, "panel_state": {}}
        done = foo.execute_operator(URI, view=self.view, params={**context, "model": "", **params})
        for request in done.executor.to_json()["requests"]:
            if request["operator_uri"] == "set_view":
                self.view = fo.DatasetView._build(self.dataset, request["params"]["view"])
            if request["operator_uri"] == "clear_view":
                self.view = self.dataset.view()
        self.asked = done.executor.to_json()["requests"]
        return check(contract, method, done.result)


@pytest.fixture
def panel(reviewed, request):
    return Panel(reviewed, request.node.name)


def bars(counts):
    """Every bar of the panel with the pick that a click on it sends."""
    for bar in counts["statuses"]:
        yield {"status": bar["name"]}, bar["count"]
    for bar in counts["decisions"]:
        yield {"decision": bar["name"]}, bar["count"]
    for tier in counts["tiers"]:
        yield {"tier": tier["name"]}, tier["count"]
    for one in counts["classes"]:
        yield {"class": one["name"]}, sum(bar["count"] for bar in one["bars"])
        for bar in one["bars"]:
            yield {"class": one["name"], "status": bar["name"]}, bar["count"]
    edges = counts["edges"]
    for status in ("correct", "misclassified"):
        for i, count in enumerate(counts["scores"][status]):
            span = [edges[i], edges[i + 1], i == len(edges) - 2]
            yield {"status": status, "score": span}, count


def test_every_bar_counts_what_a_click_on_it_shows(panel, reviewed):
    counts = panel.call("open")["counts"]
    assert (counts["total"], counts["decided"]) == (N, 12)
    from gapsphere.panels.rationale_summary.picks import expression

    seen = 0
    for pick, count in bars(counts):
        assert len(reviewed.match(expression(reviewed.view(), pick, ""))) == count, pick
        seen += count > 0
    assert seen > 30


def test_a_click_sets_the_view_and_the_counts_stay(panel):
    before = panel.call("open")
    assert before["pick"] is None
    shown = panel.call("pick", pick={"status": "misclassified"})["shown"]
    assert len(panel.view) == shown < N
    after = panel.call("open")
    assert after["pick"] == {"status": "misclassified"}
    assert after["counts"] == before["counts"]


def test_another_click_is_put_over_the_same_view_and_not_over_the_first_click(panel):
    panel.call("pick", pick={"status": "misclassified"})
    panel.call("pick", pick={"status": "correct"})
    assert set(panel.view.values("prediction_status")) == {"correct"}


def test_a_pick_is_known_again_after_the_browser_wrote_its_numbers(panel):
    panel.call("pick", pick={"status": "correct", "score": [0.0, 1.0, True]})
    stages = panel.view._serialize()
    stages[0]["kwargs"] = json.loads(json.dumps(stages[0]["kwargs"]).replace(".0", ""))
    panel.view = fo.DatasetView._build(panel.dataset, stages)
    assert panel.call("open")["pick"]["score"] == [0.0, 1.0, True]


def test_a_grid_without_some_fields_is_counted_as_one_with_all(panel, reviewed):
    counts = panel.call("open")["counts"]
    narrow = Panel(reviewed, "narrow", reviewed.exclude_fields(["is_bottom_5pct", "llm_score"]))
    assert narrow.call("open")["counts"] == counts
    assert narrow.call("review")["id"] == panel.call("review")["id"]
    (tier,) = (tier for tier in counts["tiers"] if tier["name"] == "bottom")
    assert tier["count"]
    assert narrow.call("pick", pick={"tier": "bottom"})["shown"] == tier["count"]


def test_a_grid_that_is_grouped_by_a_field_is_counted_image_by_image(panel, reviewed):
    counts = panel.call("open")["counts"]
    reviewed.set_values("site", ["ab"[row % 2] for row in range(N)])
    grouped = Panel(reviewed, "grouped", reviewed.group_by("site"))
    assert grouped.call("open")["counts"] == counts
    for pick, count in bars(counts):
        assert grouped.call("pick", pick=pick)["shown"] == count
    grouped.view = reviewed.group_by("site")
    assert grouped.call("review")["id"] == panel.call("review")["id"]


def test_back_gives_the_view_from_before(reviewed):
    view = reviewed.match(F("prediction_status") == "correct")
    panel = Panel(reviewed, "back", view)
    total = panel.call("open")["counts"]["total"]
    panel.call("pick", pick={"class": "heath"})
    assert len(panel.view) < total
    panel.call("back")
    assert panel.view.values("id") == view.values("id")
    panel.call("back")
    assert len(panel.view) == N


def test_a_view_set_elsewhere_is_counted_itself(panel, reviewed):
    panel.call("pick", pick={"status": "correct"})
    panel.view = reviewed.limit(7)
    opened = panel.call("open")
    assert (opened["pick"], opened["counts"]["total"]) == (None, 7)


@pytest.mark.parametrize("pick", [{}, {"id": "x"}, {"tier": "x"}, {"status": {"$ne": "x"}}])
def test_what_is_no_bar_is_refused(panel, pick):
    assert "error" in panel.call("pick", pick=pick)


def test_agreement_and_decisions_by_status(panel, reviewed):
    counts = panel.call("open")["counts"]
    assert counts["agreement"] == pytest.approx(1 / 3)
    for row in counts["agreed"]:
        own = reviewed.match(F("prediction_status") == row["status"])
        for decision in review.DECISIONS:
            expected = own.match(F("review_decision") == decision)
            assert row.get(decision, 0) == len(expected)


def test_the_review_starts_at_the_first_undecided(panel, reviewed):
    queue = review_queue.queue(reviewed)
    undecided = [i for i in queue if reviewed[i].review_decision is None]
    assert panel.call("review")["id"] == undecided[0]
    assert panel.asked[0]["operator_uri"] == "open_sample"


def test_faces(dataset):
    panel = Panel(dataset, "faces")
    assert panel.call("open")["kind"] == "empty"
    dataset.add_sample(fo.Sample(filepath="/made/a.png"))
    assert panel.call("open")["kind"] == "no_verdicts"
    assert "import" in panel.call("pick", pick={"status": "correct"})["error"]
    add_verdicts(dataset)
    panel.view = dataset.match({"nothing": 1})
    assert panel.call("open")["counts"]["total"] == 0
    assert "no sample" in panel.call("review")["error"]
