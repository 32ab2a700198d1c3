"""A person reviews an imported cache in the real App: by key in the modal, by bars in the grid."""

import csv
import json

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.rationales import decisions as review
from gapsphere.plugin.dataset.rationales import queue as review_queue
from gapsphere.plugin.dataset.rationales.import_cache import import_feature_cache
from gapsphere.plugin.settings.rationales import FeatureCacheParams
from gapsphere.tests.support.app import close_sample
from gapsphere.tests.support.made_cache import CORRECT, MIS, make_cache
from gapsphere.tests.support.made_review import BROKEN, REASONS
from PIL import Image

CARD = '[data-cy="gr-card"]'
REVIEW = '[data-cy="rationale-review"]'
SUMMARY = '[data-cy="rationale-summary"]'
COUNT = '[data-cy="entry-counts"]'
N = 64


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache with images, two models, and rationales that are long, foreign, broken or hostile."""
    folder = make_cache(tmp_path_factory.mktemp("cache"), N, dimension=8)
    for number, table in enumerate((MIS, CORRECT)):
        with (folder / table).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        for at, row in enumerate(rows):
            row[1] = _said(json.loads(row[1]), at)
        for name in (table, ("mis_other.csv", "correct_other.csv")[number]):
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([header, *rows])
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        names = [row["file_name"] for row in csv.DictReader(file)]
    for at, name in enumerate(names):
        path = folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros((90, 160, 3), np.uint8)
        pixels[:45], pixels[45:] = (90, 120 + 2 * at, 200), (70 + 2 * at, 90, 60)
        Image.fromarray(pixels).save(path)
    return folder


def _said(answer, at):
    if at % 13 == 5:
        return BROKEN.format(digit=at % 10, label="heath")
    text = REASONS[at % len(REASONS)].format(label="heath", other="bog")
    return json.dumps({"score": answer["score"], "rationale": text}, ensure_ascii=False)


@pytest.fixture(scope="module")
def imported(cache, app_url):
    """The cache, imported; its workspace opens with the summary.

    After the App's server: as it starts, it deletes every dataset that is not persistent.
    """
    dataset = fo.Dataset()
    params = FeatureCacheParams(
        cache_dir=str(cache),
        image_dir=str(cache / "images"),
        mis_csv=f"{MIS},mis_other.csv",
        correct_csv=f"{CORRECT},correct_other.csv",
    )
    import_feature_cache(dataset, params)
    dataset.reload()
    yield dataset
    dataset.delete()


@pytest.fixture
def reviewed(imported):
    """A copy for one test, whose session nobody else has touched."""
    copy = imported.clone()
    yield copy
    copy.delete()


@pytest.fixture
def app(page, app_url):
    return App(page, app_url)


class App:
    """The App as its user meets it."""

    def __init__(self, page, url):
        self.page, self.url = page, url

    def open(self, dataset):
        self.page.goto(f"{self.url}/datasets/{dataset.name}?workspace=feature-cache")
        self.page.wait_for_selector(SUMMARY)

    def start(self):
        """Click the summary's button; returns the sample that opens."""
        self.page.click('[data-cy="gr-start"]')
        sample = self.sample()
        # Where the click left it, the pointer may lie on the App's sidebar, whose tooltip covers
        # what lies beside it.
        self.page.mouse.move(2, 2)
        return sample

    def sample(self, *, after=None):
        """The sample on the screen, another one than ``after``."""
        self.page.wait_for_function(
            """([css, was]) => {
              const card = document.querySelector(css);
              return card && card.dataset.sample !== was;
            }""",
            arg=[CARD, after],
        )
        return self.page.get_attribute(CARD, "data-sample")

    def press(self, key):
        """Press a key and wait until the panel has done what it asks."""
        self.page.keyboard.press(key)
        self.ready()

    def ready(self):
        self.page.wait_for_selector('[data-cy="gr-agree"]:not([disabled])')

    def says(self, css, text):
        self.page.wait_for_function(
            "([css, text]) => document.querySelector(css)?.innerText.includes(text)",
            arg=[css, text],
        )

    def light(self):
        self.page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()


def test_twelve_decisions_by_keyboard_outlast_a_reload(app, reviewed, shot):
    page, queue = app.page, review_queue.queue(reviewed)
    app.open(reviewed)
    sample = app.start()
    assert sample == queue[0]
    page.wait_for_selector('[data-cy="gr-neighbor"]')
    decided = []
    for turn in range(12):
        decision = review.DECISIONS[turn % 4]
        decided.append((sample, decision))
        if turn == 1:
            page.keyboard.press("w")
            page.keyboard.type("1 hedge, 2 ponds")  # digits are letters while one writes
            page.keyboard.press("Enter")
        page.keyboard.press(str(turn % 4 + 1))
        if decision == "relabel":
            page.wait_for_selector('[data-cy="gr-label"]:focus')
            page.keyboard.type("dune")
            page.keyboard.press("Enter")
        sample = app.sample(after=sample)
        app.ready()
    assert [one for one, _ in decided] == queue[:12]
    app.says('[data-cy="gr-progress"]', f"12 of {N} reviewed")
    shot(page, "review-dark")

    page.keyboard.press("u")
    assert app.sample(after=sample) == queue[11]
    app.says('[data-cy="gr-progress"]', f"11 of {N}")
    assert page.evaluate("window.__pwned === undefined")

    in_address(page, queue[11])
    page.reload()
    page.wait_for_selector(CARD)
    assert app.sample() == queue[11]
    app.says('[data-cy="gr-progress"]', f"11 of {N}")
    app.ready()
    page.keyboard.press("u")  # the way back outlasts the reload too
    assert app.sample(after=queue[11]) == queue[10]
    app.says('[data-cy="gr-notice"]', "Taken back: relabel")

    reviewed.reload()
    found = reviewed.exists("review_decision")
    assert dict(zip(*found.values(["id", "review_decision"]), strict=True)) == dict(decided[:10])
    times = dict(zip(*found.values(["id", "review_time"]), strict=True))
    assert sorted(times, key=times.get) == queue[:10]
    assert reviewed.count_values("review_label") == {"dune": 2, None: N - 2}
    assert reviewed[queue[1]].review_note == "1 hedge, 2 ponds"
    assert page.evaluate("window.__pwned === undefined")


def in_address(page, sample):
    """Wait until the App has opened a sample that the panel shows already."""
    page.wait_for_function("(id) => location.search.includes(id)", arg=sample)


def meet(one, other):
    """Whether two boxes of a page overlap."""
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


def test_a_bar_sets_the_view_and_there_is_a_way_back(app, reviewed, shot):
    page = app.page
    page.set_viewport_size({"width": 1500, "height": 1000})
    app.open(reviewed)
    # Three tabs and what the App draws beside them have room beside the workspace's name.
    name = page.get_by_text("Feature cache", exact=True).first
    name.wait_for()
    buttons = page.locator('[data-cy="new-panel-btn"]:visible, [title^="Split"]:visible').all()
    assert buttons
    assert not any(meet(name.bounding_box(), button.bounding_box()) for button in buttons)
    app.says('[data-cy="gr-agreement"]', "No decisions that agree or disagree yet.")
    # A picture is labelled by what a person reads, not by the number of its class.
    looker = page.locator('[data-cy="looker"]').first
    looker.get_by_text(reviewed.first()["ground_truth_word_label"], exact=True).wait_for()
    number = str(reviewed.first()["ground_truth_num_label"])
    assert looker.get_by_text(number, exact=True).count() == 0
    shot(page, "summary-1500")
    wrong = reviewed.count_values("prediction_status")["misclassified"]
    page.click('[data-cy="gr-status-misclassified"]')
    app.says(COUNT, f"{wrong} samples")
    app.says('[data-cy="gr-picked"]', "misclassified")
    app.says('[data-cy="gr-total"]', f"{N} samples")  # the counts are still those of all
    app.light()
    page.wait_for_selector(f'{SUMMARY}[data-theme="light"]')
    shot(page, "summary-light")
    page.click('[data-cy="gr-back"]')
    app.says(COUNT, f"{N} samples")
    page.wait_for_selector('[data-cy="gr-picked"]', state="detached")
    scores = reviewed.match({"prediction_status": "correct"}).values("llm_score")
    first = next(i for i in range(20) if any(s and i <= 20 * s < i + 1 for s in scores))
    page.focus(f'[data-cy="gr-bin-correct-{first}"]')
    page.keyboard.press("Enter")
    app.says('[data-cy="gr-picked"]', "correct, score")


def test_the_panel_says_what_was_not_saved_and_tries_again(app, reviewed, shot):
    page, queue = app.page, review_queue.queue(reviewed)
    review.decide(reviewed, queue[0], "agree")
    field = reviewed.get_field("review_decision")
    field.read_only = True
    field.save()
    reviewed.set_values("llm_prediction", ["fen"] * N)
    app.open(reviewed)
    app.light()
    sample = app.start()
    assert sample == queue[1]
    # The answer that is judged, and what agreeing with it means, are on the page.
    app.says('[data-cy="gr-prediction"]', "fen")
    app.says('[data-cy="gr-meaning"]', "Agree: ")
    page.keyboard.press("2")
    app.says('[data-cy="gr-unsaved"]', "read-only")
    assert app.sample() == sample
    page.wait_for_selector('[data-cy="gr-neighbor"]')
    shot(page, "review-refused-light")
    field.read_only = False
    field.save()
    page.click('[data-cy="gr-unsaved"] button >> nth=0')
    assert app.sample(after=sample) == queue[2]
    assert review.standing(reviewed, sample).decision == "disagree"
    # A neighbour opens in the same place, and the App's own key still goes on from there.
    label = page.locator('[data-cy="gr-neighbor"]').first
    label.click()
    assert app.sample(after=queue[2]) in reviewed.values("id")
    close_sample(page)
    page.wait_for_selector(REVIEW, state="detached")
    app.says('[data-cy="gr-reviewed"]', f"2 of {N}")
    # The window of a sample is again as it was, here and where the page is loaded anew.
    for _ in range(2):
        looker = page.locator('[data-cy="looker"]').first
        looker.hover()  # waits until the grid is laid out
        box = looker.bounding_box()  # its upper half selects
        looker.click(position={"x": box["width"] - 8, "y": box["height"] - 8})
        page.wait_for_selector('[data-cy="modal-looker-container"]')
        assert not page.locator(REVIEW).count()
        close_sample(page)
        page.wait_for_function("() => !new URLSearchParams(location.search).has('id')")
        page.reload()
        page.wait_for_selector(SUMMARY)


def test_a_dataset_without_verdicts_says_what_to_do(app, reviewed, shot):
    reviewed.delete_sample_fields(["prediction_status", "prediction_status_other"])
    app.open(reviewed)
    app.says(SUMMARY, "These samples have no language model verdicts")
    shot(app.page, "summary-no-verdicts")


def test_without_embeddings_the_neighbours_say_where_they_come_from(app, reviewed, shot):
    reviewed.delete_sample_field("embedding")
    app.open(reviewed)
    app.start()
    app.says('[aria-label="Neighbours in embedding space"]', "No sample has an embedding.")
    app.page.wait_for_selector('[data-cy="gr-neighbor"]', state="detached")
    shot(app.page, "review-no-embeddings")


def test_the_summary_of_a_dataset_that_was_emptied_meanwhile_says_so(app, reviewed, shot):
    app.open(reviewed)
    app.page.wait_for_selector('[data-cy="gr-total"]')
    reviewed.clear()
    app.page.get_by_role("button", name="Refresh").click()
    app.says(SUMMARY, "This dataset has no samples")
    shot(app.page, "summary-empty")


def test_the_review_of_a_dataset_that_was_emptied_meanwhile_says_so(app, reviewed, shot):
    app.open(reviewed)
    app.start()
    reviewed.clear()
    app.page.get_by_text("Sample", exact=True).last.click()
    app.page.click('[data-cy="panel-tab-rationale_review"]')
    app.says(REVIEW, "This dataset has no samples")
    shot(app.page, "review-empty")
