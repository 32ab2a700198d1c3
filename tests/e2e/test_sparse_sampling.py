"""A person looks through a simulated sequence in the real App, and goes from it into the grid."""

from dataclasses import replace

import fiftyone as fo
import numpy as np
import pytest
from bson import ObjectId
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.sparse.simulate import simulate_adaptive_sampling
from gapsphere.plugin.dataset.sparse.simulations import plain
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.settings.sparse import SimulateParams
from gapsphere.tests.support.app import MODAL, close_sample
from PIL import Image

PANEL = '[data-cy="sparse-sampling"]'
SEQUENCE = '[data-cy="sp-sequence"]'
COUNT = '[data-cy="entry-counts"]'
FAILED = '[data-cy="sp-face-failed"]'
FRAMES = 12


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Two drives of twelve frames, played by two policies with the packaged model."""
    folder = tmp_path_factory.mktemp("drives")
    samples = []
    for drive, phase in (("a", 0.0), ("b", 2.0)):
        for i in range(FRAMES):
            y, x = np.mgrid[:48, :64]
            waves = 128 + 60 * np.sin(x / 9 + i / 3 + phase) + 50 * np.cos(y / (5 + phase))
            path = folder / f"{drive}_{i:02d}.png"
            Image.fromarray(waves.clip(0, 255).astype(np.uint8)).convert("RGB").save(path)
            samples.append(fo.Sample(filepath=str(path), sequence=drive, frame_number=30 * i))
    dataset = fo.Dataset()
    dataset.add_samples(samples)
    few = {"sample_count": 120, "warmup_frames": 2, "device": "cpu"}
    for pattern, suffix in (("adaptive", ""), ("random", "random")):
        params = SimulateParams(pattern=pattern, suffix=suffix, keypoints=not suffix, **few)
        simulate_adaptive_sampling(dataset, params)
    panels = [fo.Panel(type="Samples", pinned=True), fo.Panel(type="sparse_sampling")]
    spaces = [fo.Space(children=[one], active_child=one.component_id) for one in panels]
    workspace = fo.Space(children=spaces, orientation="horizontal", sizes=[0.4, 0.6])
    dataset.save_workspace("w", workspace)
    dataset.persistent = True  # the App's server deletes the others when it starts
    yield dataset
    dataset.delete()


@pytest.fixture
def app(page, app_url, simulated):
    """The App on a copy that the test may change."""
    dataset = simulated.clone(persistent=True)
    yield App(page, app_url, dataset)
    dataset.delete()


@pytest.fixture(scope="module")
def opened(context, app_url, simulated):
    """One open panel for tests that only look: opening the App is most of their time."""
    dataset = simulated.clone(persistent=True)
    page = context.new_page()
    yield App(page, app_url, dataset).open()
    page.close()
    dataset.delete()


@pytest.fixture
def looking(opened):
    """The open panel at the first frame, with nothing opened or filtered by the test before."""
    opened.reset()
    return opened


class App:
    """The App as its user meets it."""

    def __init__(self, page, url, dataset):
        self.page, self.url, self.dataset = page, url, dataset

    def open(self):
        self.page.goto(f"{self.url}/datasets/{self.dataset.name}?workspace=w")
        self.page.wait_for_selector(PANEL)
        return self

    def reset(self):
        page = self.page
        if page.locator(MODAL).count():
            close_sample(page)
        if page.locator('[data-cy="sp-back"]').count():
            page.click('[data-cy="sp-back"]')
            self.says(COUNT, f"{2 * FRAMES} samples")
        page.select_option('[data-cy="sp-sequence-select"]', "0")
        page.focus('[data-cy="sp-slider"]')
        page.keyboard.press("Escape")  # no range
        page.keyboard.press("Home")
        self.at(0, 0)

    def at(self, place, frame=None):
        """Wait until the panel is at a frame, counted from 0."""
        self.page.wait_for_selector(f'{SEQUENCE}[data-at="{place}"]')
        if frame is not None:
            self.page.wait_for_selector(f'{SEQUENCE}[data-frame="{frame}"]')

    def open_in_grid(self, number):
        """Open a sample of the grid, counted from 0."""
        looker = self.page.locator('[data-cy="looker"]').nth(number)
        looker.hover()  # waits until the grid is laid out
        box = looker.bounding_box()  # its upper half selects
        looker.click(position={"x": box["width"] - 8, "y": box["height"] - 8})

    def says(self, css, text):
        self.page.wait_for_function(
            "([css, text]) => document.querySelector(css)?.innerText.includes(text)",
            arg=[css, text],
        )

    def ids(self, drive):
        return self.dataset.match(F("sequence") == drive).sort_by("frame_number").values("id")

    def pictures(self):
        """Wait until frame, reconstruction and importance are painted."""
        self.page.wait_for_function(
            """() => {
              const all = [...document.querySelectorAll('[data-cy="sp-tiles"] img')];
              return all.length >= 3 && all.every((one) => one.complete && one.naturalWidth > 0);
            }"""
        )


def test_scrubbing_by_mouse_by_key_and_by_playing(looking, shot):
    page = looking.page
    page.wait_for_selector('[data-cy="sp-line"] >> nth=1')
    looking.at(0, 0)
    looking.pictures()
    page.focus('[data-cy="sp-slider"]')
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    looking.at(2, 60)
    page.keyboard.press("End")
    looking.at(FRAMES - 1)
    box = page.locator('[data-cy="sp-hands"]').bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    looking.says('[data-cy="sp-tip"]', "dB")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_selector(f'{SEQUENCE}:not([data-at="{FRAMES - 1}"])')
    page.keyboard.press("Home")  # the press has given the slider the focus
    looking.at(0)
    page.keyboard.press(" ")
    page.wait_for_selector('[data-cy="sp-play"][data-playing="true"]')
    looking.at(FRAMES - 1)
    page.wait_for_selector('[data-cy="sp-play"][data-playing="false"]')
    page.locator('[data-cy="sp-picture"]').nth(1).click()
    page.get_by_role("radio", name="Pixels").last.click()
    page.wait_for_selector('[data-cy="sp-dots"][data-count="120"]')
    looking.pictures()
    shot(page, "sparse-dark")


def test_a_range_goes_into_the_grid_and_there_is_a_way_back(looking):
    page = looking.page
    page.focus('[data-cy="sp-slider"]')
    for key, place in (("PageUp", 10), ("ArrowLeft", 9), ("i", 9), ("End", 11), ("o", 11)):
        page.keyboard.press(key)
        looking.at(place)
    looking.says('[data-cy="sp-range"]', "3 frames")
    page.click('[data-cy="sp-show"]')
    looking.says(COUNT, "3 samples")
    looking.says('[data-cy="sp-shown"]', "3 frames")
    looking.says('[data-cy="sp-place"]', f"12 / {FRAMES}")  # the curves are still of all
    page.click('[data-cy="sp-back"]')
    looking.says(COUNT, f"{2 * FRAMES} samples")
    page.wait_for_selector('[data-cy="sp-shown"]', state="detached")


def test_the_app_s_arrows_take_the_panel_along(looking):
    page = looking.page
    looking.open_in_grid(1)
    page.wait_for_selector('[data-cy="nav-right-button"]')
    looking.at(1, 30)
    page.keyboard.press("ArrowRight")
    looking.at(2, 60)
    page.keyboard.press("ArrowLeft")
    looking.at(1, 30)


def test_open_frame_opens_the_frame_that_is_looked_at(looking):
    page = looking.page
    page.focus('[data-cy="sp-slider"]')
    page.keyboard.press("ArrowRight")
    looking.at(1)
    page.click('[data-cy="sp-open"]')
    page.wait_for_selector(MODAL)
    opened = looking.ids("a")[1]
    page.wait_for_function(f"location.search.includes('{opened}')")
    looking.at(1, 30)


def test_a_sample_opened_in_the_grid_moves_the_panel_to_its_sequence(looking):
    page = looking.page
    looking.open_in_grid(FRAMES + 3)
    page.wait_for_selector(MODAL)
    looking.at(3, 90)
    page.wait_for_function(
        "document.querySelector('[data-cy=\"sp-sequence-select\"]').value === '1'"
    )


def test_the_hardest_frames_are_selected_in_the_grid(looking):
    page = looking.page
    page.get_by_label("Number of hardest frames").fill("4")
    page.click('[data-cy="sp-select"]')
    page.wait_for_selector('[data-cy="sp-chosen"][data-count="4"]')
    worst = np.sort(looking.dataset.match(F("sequence") == "a").values("psnr"))[:4]
    numbers = looking.dataset.match((F("sequence") == "a") & (F("psnr") <= worst[-1]))
    named = ", ".join(map(str, sorted(numbers.values("frame_number"))))
    looking.says('[data-cy="sp-notice"]', "4 frames selected in the grid, the lowest PSNR of")
    looking.says('[data-cy="sp-notice"]', named)


def test_a_new_simulation_is_offered_and_a_missing_picture_says_so(app, shot):
    page = app.open().page
    app.at(0)
    page.wait_for_selector('[data-cy="sp-policy"] >> nth=1')
    app.dataset.delete_run("gapsphere_sparse_random")
    first = app.dataset[app.ids("a")[0]]
    first["reconstruction"] = "/nowhere/frame.png"
    first.save()
    page.click('[data-cy="sp-reload"]')
    page.wait_for_selector('[data-cy="sp-policy"] >> nth=1', state="detached")
    app.says('[data-cy="sp-missing"]', "the file is missing")
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="light"]')
    app.says('[data-cy="sp-live"]', "Live server")
    shot(page, "sparse-light")
    page.set_viewport_size({"width": 760, "height": 850})
    shot(page, "sparse-narrow")
    cut = page.locator('[data-cy="sp-reconstruction"] figcaption b').evaluate(
        "(figure) => figure.getBoundingClientRect().right"
        " > figure.parentElement.getBoundingClientRect().right"
    )
    assert not cut, "where there is no room, the word is cut and not the figure"


def test_a_filter_that_leaves_out_every_simulated_frame_is_taken_off_by_the_panel(app, shot):
    app.dataset.add_sample(fo.Sample(filepath=app.dataset.first().filepath, sequence="c"))
    page = app.open().page
    app.at(0)
    page.locator('[data-cy="sidebar-field-arrow-enabled-sequence"]').click()
    page.locator('[data-cy="selector-sidebar-search-sequence"]').click()
    page.locator(
        '[data-cy="selector-results-container-sidebar-search-sequence"] >> text="c"'
    ).click()
    app.says(COUNT, "1 ")
    app.says(PANEL, "The current view has no simulated frames")
    shot(page, "sparse-outside")
    page.click('[data-cy="sp-show-all"]')
    app.says(COUNT, f"{2 * FRAMES + 1} samples")
    page.wait_for_selector('[data-cy="sp-line"] >> nth=1')


def test_a_run_that_cannot_be_read_says_so_until_it_is_mended(app, shot):
    names = Names("random")
    whole = runs.Record(**plain(vars(runs.read(app.dataset, names, "sparse"))))
    results = {name: value for name, value in whole.results.items() if name != "policy"}
    runs.write(app.dataset, names, replace(whole, results=results))
    page = app.open().page
    app.says(FAILED, "The run 'gapsphere_sparse_random' is not the record")
    shot(page, "sparse-failed-dark")
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="light"]')
    shot(page, "sparse-failed-light")
    asked = '"__method__":"open"'
    with page.expect_response(lambda answer: asked in (answer.request.post_data or "")):
        page.get_by_role("button", name="Try again").click()
    app.says(FAILED, "The run 'gapsphere_sparse_random' is not the record")  # it is still so
    runs.write(app.dataset, names, whole)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector('[data-cy="sp-line"] >> nth=1')
    page.wait_for_selector(FAILED, state="detached")


def test_curves_that_cannot_be_read_are_asked_for_again(app):
    page = app.open().page
    app.at(0)
    collection, first = app.dataset._sample_collection, {"_id": ObjectId(app.ids("b")[0])}
    psnr = collection.find_one(first)["psnr"]
    collection.update_one(first, {"$set": {"psnr": "good"}})
    page.select_option('[data-cy="sp-sequence-select"]', "1")
    app.says(FAILED, "The curves could not be loaded")
    collection.update_one(first, {"$set": {"psnr": psnr}})
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector('[data-cy="sp-line"] >> nth=1')
    page.wait_for_selector(FAILED, state="detached")


def test_a_dataset_without_a_simulation_opens_the_operators_form(app):
    for key in app.dataset.list_runs():
        app.dataset.delete_run(key)
    page = app.open().page
    app.says(PANEL, "No simulation yet")
    page.click('[data-cy="sp-simulate"]')
    page.get_by_text("Pixels per frame").first.wait_for()
