"""The Gap Explorer in the real App: what a person does, and what they see.

Coordinates come from ``window.__gapsphere``; no test guesses a pixel.
"""

import json
import re
import time

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.panels.gap_explorer.workspace import save_workspace
from gapsphere.scripts.made_sphere import make_dataset
from PIL import Image

COUNT = '[data-cy="entry-counts"]'
PANEL = '[data-cy="gap-explorer"]'
READY = "window.__gapsphere && window.__gapsphere.ready"
N = 1200


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frames")
    paths = []
    for i in range(12):
        paths.append(folder / f"frame_{i:03d}.png")
        pixels = np.zeros((60, 80, 3), np.uint8)
        pixels[:30], pixels[30:] = (90, 120 + 8 * i, 200), (70 + 6 * i, 80, 70)
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture(scope="module")
def made(images):
    dataset = fo.Dataset()
    make_dataset(dataset, N, images, k=20)
    yield dataset
    if not dataset.deleted:
        dataset.delete()


@pytest.fixture
def own(made):
    """A copy that the test may change, and whose session nobody else has touched."""
    copy = made.clone()
    save_workspace(copy)
    yield copy
    if not copy.deleted:
        copy.delete()


@pytest.fixture
def panel(page, app_url):
    return Panel(page, app_url)


class Panel:
    """The panel as a person meets it."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        page.set_default_timeout(30_000)

    def open(self, dataset, *, ready=True, query=""):
        self.page.goto(f"{self.url}/datasets/{dataset.name}?workspace=gap-explorer{query}")
        if ready:
            self.wait(READY)
        else:
            self.page.wait_for_selector(PANEL)
        return self

    def wait(self, script):
        self.page.wait_for_function(script)

    def read(self, script):
        return json.loads(self.page.evaluate(f"JSON.stringify({script})"))

    def state(self, name):
        return self.read(f"window.__gapsphere.state.{name}")

    def wait_state(self, condition):
        self.wait(
            f"(() => {{ const s = window.__gapsphere?.state; return s && ({condition}); }})()"
        )

    def count(self, number):
        """Wait until the grid says that it holds so many."""
        text = f"{number:,} sample{'' if number == 1 else 's'}"
        self.page.wait_for_function(
            "([css, text]) => document.querySelector(css)?.innerText.trim() === text",
            arg=[COUNT, text],
        )

    def point_in_sight(self, *, owned=None):
        """Index and page coordinates of a point that a click there would mean."""
        return self.read(
            """(() => {
              const hook = window.__gapsphere, box = hook.canvas.getBoundingClientRect();
              const reach = Math.min(box.width, box.height) / 4;
              for (let i = 0; i < hook.scene.count; i++) {
                const at = hook.project(i);
                if (!at || !at.visible) continue;
                const x = at.x - box.left - box.width / 2, y = at.y - box.top - box.height / 2;
                if (Math.hypot(x, y) < reach && hook.pick(at.x, at.y) === i) return [i, at.x, at.y];
              }
              return null;
            })()"""
        )

    def empty_place(self):
        """Page coordinates of a place on the sphere with no point around."""
        return self.read(
            """(() => {
              const hook = window.__gapsphere, box = hook.canvas.getBoundingClientRect();
              for (let k = 1; k < 4000; k++) {
                const x = box.width * (0.25 + (0.5 * ((k * 37) % 997)) / 997);
                const y = box.height * (0.25 + (0.5 * ((k * 53) % 991)) / 991);
                if (hook.scene.pick(x, y, 14) < 0 && hook.scene.directionAt(x, y))
                  return [box.left + x, box.top + y];
              }
              return null;
            })()"""
        )

    def middle(self):
        box = self.page.locator('[data-cy="gs-canvas"]').bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def answer(self, kind):
        self.wait_state(f"!s.busy && s.answer && s.answer.query.kind === '{kind}'")
        return self.state("answer")

    def drag_cap(self, dx=70, dy=20):
        x, y = self.middle()
        mouse = self.page.mouse
        self.page.keyboard.down("Shift")
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx / 2, y + dy / 2)
        mouse.move(x + dx, y + dy)
        self.page.wait_for_selector(".gs-cap")
        mouse.up()
        self.page.keyboard.up("Shift")
        return self.answer("cap")

    def settings(self):
        self.page.get_by_role("button", name="Settings").click()
        return self.page.get_by_role("dialog", name="Settings")

    def radio(self, group, name):
        self.page.get_by_role("radiogroup", name=group, exact=True).get_by_role(
            "radio", name=name, exact=True
        ).click()


def test_click_a_point_an_empty_place_and_a_cap(panel, own, shot):
    panel.open(own)
    panel.count(N)
    assert panel.state("run")["total"] == N
    shot(panel.page, "panel-dark")

    index, x, y = panel.point_in_sight()
    panel.page.mouse.click(x, y)
    answer = panel.answer("point")
    assert answer["query"]["index"] == index
    assert answer["cards"][0]["index"] == index
    panel.count(9)  # the image and its 8 neighbours
    assert panel.page.locator('[data-cy="gs-cards"] li').count() == 9
    assert panel.state("highlighted") == 9
    assert panel.state("dimmed") == 0
    verdict = panel.page.inner_text('[data-cy="gs-verdict"]')
    assert re.search(r"(GAP|Covered)\s*0\.\d{3} from", verdict)
    shot(panel.page, "panel-point")

    panel.page.mouse.click(*panel.empty_place())
    answer = panel.answer("place")
    assert {card["set"] for card in answer["cards"]} == {"U"}
    panel.count(8)
    assert "Estimated" in panel.page.inner_text('[data-cy="gs-verdict"]')
    shot(panel.page, "panel-place")

    answer = panel.drag_cap()
    assert answer["total"] > 8
    panel.count(answer["total"])
    panel.page.get_by_role("button", name="Tag", exact=True).click()
    panel.page.get_by_role("textbox", name="Tag", exact=True).fill("from the cap")
    panel.page.get_by_role("button", name="Add tag").click()
    panel.page.wait_for_selector("text=tagged “from the cap”")
    tagged = own.match_tags("from the cap")
    direction = np.array(answer["query"]["direction"])
    places = np.array([list(s) for s in own.values("sphere")])
    inside = places @ direction >= np.cos(answer["query"]["angle"])
    assert len(tagged) == answer["total"] == int(inside.sum())
    shot(panel.page, "panel-cap")

    panel.page.get_by_role("button", name="Clear", exact=True).click()
    panel.count(N)
    panel.page.wait_for_selector("text=Ask the sphere")


def test_hover_shows_the_image(panel, own, shot):
    panel.open(own)
    _, x, y = panel.point_in_sight()
    panel.page.mouse.move(x - 30, y)
    panel.page.mouse.move(x, y)
    panel.page.wait_for_selector('[data-cy="gs-hover"] img')
    assert "frame_" in panel.page.inner_text('[data-cy="gs-hover"]')
    shot(panel.page, "panel-hover")


def test_delta_marks_gaps_live_and_counts_them_exactly(panel, own):
    panel.open(own)
    distances = np.array([d for d in own.values("dist_to_S") if d is not None])
    before = panel.state("gaps")
    assert before == own.count_values("is_gap").get(True, 0)
    slider = panel.page.get_by_role("slider")
    slider.focus()
    for _ in range(3):
        panel.page.keyboard.press("PageDown")
    panel.wait_state("s.choices.delta !== null")
    delta = panel.state("delta")
    exact = int((distances > delta).sum())
    assert exact > before
    panel.wait_state(f"s.gaps === {exact}")
    panel.page.wait_for_function(
        "() => !document.querySelector('.gs-delta').innerText.includes('≈')"
    )
    panel.page.get_by_role("textbox", name="δ as a number").fill("0.05")
    panel.page.keyboard.press("Enter")
    panel.wait_state(f"s.gaps === {int((distances > 0.05).sum())}")
    panel.page.get_by_role("button", name="Back to").click()
    panel.wait_state(f"s.gaps === {before} && s.choices.delta === null")


def test_every_control_does_what_it_says_and_survives_a_reload(panel, own, shot):
    panel.open(own)
    for name in ("S", "U", "Both"):
        panel.radio("Show", name)
        panel.wait_state(f"s.choices.show === '{name if name != 'Both' else 'both'}'")
    colour = panel.page.get_by_label("Colour by")
    colour.select_option("weather")
    panel.page.wait_for_selector(".gs-classes >> text=rain")
    shot(panel.page, "panel-categorical")
    colour.select_option("kcenter_radius")
    panel.page.wait_for_selector(".gs-ramp >> text=kcenter_radius")
    colour.select_option("density")
    panel.page.wait_for_selector(".gs-ramp >> text=dense")
    colour.select_option("dist_to_S")

    settings = panel.settings()
    panel.radio("Projection", "Cartesian")
    panel.page.wait_for_selector("text=Places and caps are asked on the sphere")
    shot(panel.page, "panel-cartesian")
    panel.radio("Projection", "Spherical")
    panel.radio("Colours", "Cividis")
    panel.radio("Search in", "S")
    panel.radio("Distance", "Euclidean")
    settings.get_by_role("spinbutton", name="Results, top K").fill("5")
    panel.page.keyboard.press("Enter")
    settings.get_by_role("spinbutton", name="Legend range, from").fill("0.02")
    panel.page.keyboard.press("Enter")
    for name in ("Sphere", "Lattice", "Picks", "Re-rank by embedding"):
        # The box itself is drawn by its label, as in every switch of the App.
        settings.locator("label", has_text=name).click()
    shot(panel.page, "panel-settings")
    panel.page.keyboard.press("Escape")
    expected = {
        "palette": "cividis",
        "search": "S",
        "metric": "euclidean",
        "topK": 5,
        "sphere": False,
        "lattice": False,
        "picks": False,
        "rerank": False,
        "colour": "dist_to_S",
    }
    panel.wait_state("s.choices.rerank === false")
    assert expected.items() <= panel.state("choices").items()
    assert panel.state("choices")["range"][0] == 0.02

    panel.radio("What a click asks", "Place")
    panel.page.mouse.click(*panel.middle())
    answer = panel.answer("place")
    assert len(answer["cards"]) == 5
    assert {card["set"] for card in answer["cards"]} == {"S"}
    panel.count(5)
    # A choice asks the open question again, and does not take the answer out of the grid.
    panel.settings()
    panel.radio("Search in", "U")
    panel.wait_state("!s.busy && s.answer && s.answer.cards[0].set === 'U'")
    panel.count(5)

    panel.page.reload()
    panel.wait(READY)
    expected["search"] = "U"
    assert expected.items() <= panel.state("choices").items()


def test_the_keyboard_turns_zooms_and_asks(panel, own):
    panel.open(own)
    canvas = panel.page.locator('[data-cy="gs-canvas"]')
    canvas.focus()
    before = panel.read("window.__gapsphere.scene.orbit.eye")
    panel.page.keyboard.press("ArrowLeft")
    panel.page.keyboard.press("+")
    assert panel.read("window.__gapsphere.scene.orbit.eye") != before
    assert panel.read("window.__gapsphere.scene.orbit.zoom") > 1
    panel.page.keyboard.press("0")
    assert panel.read("window.__gapsphere.scene.orbit.zoom") == 1
    panel.page.keyboard.press("Enter")
    panel.wait_state("!s.busy && s.answer !== null")


def test_the_grid_lights_up_and_dims_the_sphere(panel, own, shot):
    own.save_view("owned", own.match_tags("S"))
    panel.open(own)
    panel.page.wait_for_selector('[data-cy="looker"]')
    looker = panel.page.locator('[data-cy="looker"]').first
    looker.hover()
    looker.locator('[data-cy="looker-checkbox-"]').click()
    panel.wait_state("s.selected.length === 1")
    shot(panel.page, "panel-selected")
    looker.locator('[data-cy="looker-checkbox-"]').click()
    panel.wait_state("s.selected.length === 0")
    box = looker.bounding_box()
    panel.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"])
    panel.wait_state("s.opened >= 0")
    panel.page.keyboard.press("Escape")
    panel.wait_state("s.opened < 0")

    panel.open(own, query="&view=owned")
    candidates = len(own.match_tags("U"))
    panel.wait_state(f"s.dimmed === {candidates}")
    shot(panel.page, "panel-filtered")


def test_both_themes_and_every_width(panel, own, shot):
    panel.open(own)
    page = panel.page
    assert page.get_attribute(PANEL, "data-theme") == "dark"
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="light"]')
    shot(page, "panel-light")
    width = page.locator('[data-cy="gs-canvas"]').bounding_box()["width"]
    page.set_viewport_size({"width": 1900, "height": 1000})
    page.wait_for_function(
        "(w) => window.__gapsphere.canvas.getBoundingClientRect().width > w + 40", arg=width
    )
    shot(page, "panel-wide-light")
    x, y = panel.point_in_sight()[1:]
    page.mouse.click(x, y)
    panel.answer("point")
    page.locator('[title="Dark mode"], [aria-label="Dark mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="dark"]')


def test_before_anything_is_computed_a_button_runs_it(panel, dataset, images, shot):
    # A dataset without samples has no panels at all: the App shows how to add some.
    save_workspace(dataset)
    dataset.add_samples([fo.Sample(filepath=str(images[0]), tags=[t]) for t in "SSU"])
    panel.open(dataset, ready=False)
    panel.page.wait_for_selector('[data-cy="gs-face-not-computed"]')
    assert "2 images you own (S) and 1 candidate" in panel.page.inner_text(PANEL)
    shot(panel.page, "face-not-computed")
    panel.page.get_by_role("button", name="Find gaps", exact=True).click()
    panel.page.wait_for_selector('[data-cy="operators-prompt-modal"]')


def test_an_event_draws_and_decodes_nothing_anew(panel, own):
    """FiftyOne copies panel data on every event: columns must survive that as they are."""
    panel.open(own)
    panel.page.evaluate(
        "() => { window.__decoded = 0; const old = window.atob;"
        "window.atob = (text) => { window.__decoded += text.length; return old(text); } }"
    )
    _, x, y = panel.point_in_sight()
    panel.page.mouse.click(x, y)
    answer = panel.answer("point")
    panel.count(9)
    panel.page.wait_for_timeout(500)
    assert panel.read("window.__decoded") == len(answer["highlight"])


def test_a_run_deleted_under_the_panel_and_samples_deleted_since(panel, own, shot):
    panel.open(own)
    own.delete_samples(own.take(3, seed=1).values("id"))
    panel.page.mouse.click(*panel.middle())
    panel.page.wait_for_selector(".gs-results [role=alert]")
    assert "reload the panel" in panel.page.inner_text(".gs-results [role=alert]")

    panel.open(own)
    panel.page.wait_for_selector('[data-cy="gs-stale"]')
    assert "3 samples removed" in panel.page.inner_text('[data-cy="gs-stale"]')
    assert panel.state("run")["total"] == N - 3
    shot(panel.page, "panel-stale")

    own.delete_brain_run("gapsphere")
    panel.page.mouse.click(*panel.middle())
    panel.page.wait_for_selector(".gs-results [role=alert] >> text=find_gaps")
    shot(panel.page, "panel-run-deleted")
    panel.page.reload()
    panel.page.wait_for_selector('[data-cy="gs-face-not-computed"]')


def test_two_panels_ask_on_their_own(panel, own):
    def space(kind, **settings):
        made = fo.Panel(type=kind, **settings)
        return fo.Space(children=[made], active_child=made.component_id)

    both = fo.Space(
        children=[space("gap_explorer"), space("gap_explorer")], orientation="horizontal"
    )
    own.save_workspace("Gap Explorer", both, overwrite=True)
    panel.open(own, ready=False)
    panel.wait("window.__gapsphere && window.__gapsphere.panels.length === 2")
    panel.wait("window.__gapsphere.panels.every((hook) => hook.ready)")
    for at in (0, 1):
        box = panel.page.locator('[data-cy="gs-canvas"]').nth(at).bounding_box()
        panel.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        panel.wait(
            f"window.__gapsphere.panels.filter((hook) => hook.last !== null).length === {at + 1}"
        )


def test_without_webgl_or_three_the_panel_says_so(panel, own, shot):
    panel.page.add_init_script(
        "HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...rest) {"
        "  return /webgl/.test(kind) ? null : old.call(this, kind, ...rest);"
        "})(HTMLCanvasElement.prototype.getContext)"
    )
    panel.open(own, ready=False)
    panel.page.wait_for_selector('[data-cy="gs-face-webgl"]')
    shot(panel.page, "face-webgl")


def test_nothing_is_drawn_while_nothing_changes(panel, own):
    panel.open(own)
    time.sleep(1.0)
    frames = panel.read("window.__gapsphere.scene.frames")
    time.sleep(1.0)
    assert panel.read("window.__gapsphere.scene.frames") == frames
