"""Events answered out of order: the grid ends with what the person asked for last."""

import json

import pytest


class Slow:
    """The network holds the panel's next question back until it is told otherwise."""

    def __init__(self, panel):
        self.panel, self.page, self.held = panel, panel.page, None
        self.page.route("**/operators/execute*", self._on_request)

    def _on_request(self, route):
        params = json.loads(route.request.post_data or "{}").get("params", {})
        if self.held is None and params.get("__method__") == "ask":
            self.held = route
        else:
            route.continue_()

    def wait(self):
        while self.held is None:
            self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def let_go(self):
        """Once whatever was sent after it has had its answer."""
        self.panel.still()
        with self.page.expect_response(lambda answer: answer.request == self.held.request):
            self.held.continue_()


@pytest.fixture
def slow(opened):
    slow = Slow(opened)
    yield slow
    opened.page.unroute_all()


def test_the_grid_shows_the_newest_question_though_an_older_one_is_late(opened, slow):
    _, x, y = opened.point_in_sight()
    opened.page.mouse.click(x, y)
    slow.wait()
    opened.page.mouse.click(*opened.empty_place())
    slow.let_go()
    answer = opened.answer("place")
    opened.count(opened.shown(answer))
    assert opened.still().startswith(f"{opened.shown(answer)} sample")
    opened.clear()
    opened.count(1200)


def test_clear_empties_the_grid_though_the_question_before_it_is_late(opened, slow):
    slow.held = False  # the first goes through
    opened.ask_place()
    slow.held = None
    _, x, y = opened.point_in_sight()
    opened.page.mouse.click(x, y)
    slow.wait()
    opened.clear()
    slow.let_go()
    opened.count(1200)
    assert opened.still().startswith("1,200 sample")
    assert opened.state("answer") is None


def test_contents_of_another_dataset_are_asked_for_again(opened):
    """An answer about the dataset that was open before may come after the change."""
    former = Former()
    opened.page.route("**/operators/execute*", former)
    opened.reload()
    assert former.reloads == 2
    assert opened.state("run")["total"] == 1200
    opened.page.unroute_all()


class Former:
    """The network answers the first reload as if another dataset had been open when it was sent."""

    def __init__(self):
        self.reloads = 0

    def __call__(self, route):
        params = json.loads(route.request.post_data or "{}").get("params", {})
        if params.get("__method__") != "reload":
            route.continue_()
            return
        self.reloads += 1
        answer = route.fetch()
        reply = answer.json()
        for request in reply["executor"]["requests"]:
            data = request["params"].get("data", {})
            if "dataset" in data and self.reloads == 1:
                data["dataset"] = "another"
        route.fulfill(response=answer, json=reply)
