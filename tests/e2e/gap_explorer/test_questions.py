"""Asking the sphere: points, places and caps, by mouse, keyboard and touch."""

import re

import numpy as np
import pytest

DELTA = '[data-cy="gs-delta"]'


def test_click_a_point_an_empty_place_and_a_cap(panel, own, shot):
    panel.open(own)
    total = len(own)
    panel.count(total)
    assert panel.state("run")["total"] == total
    shot(panel.page, "panel-dark")

    index, x, y = panel.point_in_sight()
    panel.page.mouse.click(x, y)
    answer = panel.answer("point")
    assert answer["query"]["index"] == index
    assert answer["cards"][0]["index"] == index
    panel.count(10)  # the image, the owned image beside it and 8 like it
    assert panel.page.locator('[data-cy="gs-cards"] li').count() == 8
    assert panel.page.locator('[data-cy="gs-pair"] img').count() == 2
    assert panel.state("highlighted") == 10
    assert panel.state("dimmed") == 0
    words = answer["words"]
    apart = r"0\.\d{3} from the nearest owned image.* \(cosine distance\)"
    assert re.fullmatch(apart, words["apart"])
    assert words["apart"] in panel.page.inner_text('[data-cy="gs-pair"]')
    verdict = panel.page.inner_text('[data-cy="gs-verdict"]')
    of_delta = r"\s*0\.\d{3} (beyond|within) δ \(0\.\d{3}, level 10 %\)"
    assert re.match(words["badge"] + of_delta, verdict)
    assert words["headline"] in verdict
    shown = panel.page.inner_text("body")
    assert re.search(r"than \d+(\.\d)? % of owned images", shown)
    shot(panel.page, "panel-point")

    panel.page.mouse.click(*panel.empty_place())
    answer = panel.answer("place")
    assert {card["set"] for card in answer["cards"]} == {"U"}
    panel.page.get_by_role("heading", name="A place on the sphere").wait_for()
    panel.count(12)  # 8 candidates and 4 owned images
    said = panel.page.inner_text('[data-cy="gs-evidence"]')
    assert re.search(r"Within \d+.\d° of here|Nothing lies within", said)
    # Only an image has a distance to S: a place is judged by its images, and has no badge.
    assert answer["words"]["badge"] == ""
    assert panel.page.locator(".gs-badge").count() == 0
    owned = panel.page.get_by_role("region", name="Owned images nearest here")
    assert owned.locator("img").count() == 4
    shot(panel.page, "panel-place")

    answer = panel.drag_cap()
    assert answer["total"] > 8
    panel.count(answer["total"])
    panel.page.get_by_role("button", name="Tag", exact=True).click()
    tag = panel.page.get_by_role("textbox", name="Tag", exact=True)
    kinds = {card["verdict"] for card in answer["cards"]}
    assert tag.input_value() == ("within delta" if kinds == {"covered"} else "to review")
    tag.fill("from the cap")
    panel.page.get_by_role("button", name="Add tag").click()
    panel.page.wait_for_selector("text=tagged “from the cap”")
    tagged = own.match_tags("from the cap")
    direction = np.array(answer["query"]["direction"])
    places = np.array([list(s) for s in own.values("sphere")])
    inside = places @ direction >= np.cos(answer["query"]["angle"])
    assert len(tagged) == answer["total"] == int(inside.sum())
    shot(panel.page, "panel-cap")

    # Escape closes the answer though the last click was beside the sphere; the cross says so.
    panel.page.get_by_role("heading", name="A cap of").click()
    assert "Esc" in panel.page.get_by_label("Close this answer").get_attribute("title")
    panel.page.keyboard.press("Escape")
    panel.wait_state("s.answer === null")
    panel.count(total)


def test_a_sign_stands_where_an_image_cannot_be_loaded(panel, own, shot):
    own.set_values("filepath", [f"/nowhere/{number}.png" for number in range(len(own))])
    panel.open(own)
    _, x, y = panel.point_in_sight()
    panel.page.mouse.click(x, y)
    panel.answer("point")
    panel.page.locator('[data-cy="gs-cards"]').scroll_into_view_if_needed()
    panel.page.wait_for_selector('[data-cy="gs-cards"] [data-cy="gs-no-image"]')
    shot(panel.page, "panel-no-images")


def test_hover_shows_the_image(opened, shot):
    _, x, y = opened.point_in_sight()
    opened.page.mouse.move(x - 30, y)
    opened.page.mouse.move(x, y)
    opened.page.wait_for_selector('[data-cy="gs-hover"] img')
    assert "frame_" in opened.page.text_content('[data-cy="gs-hover"]')
    shot(opened.page, "panel-hover")
    opened.page.mouse.move(0, 0)


def test_delta_marks_gaps_live_and_counts_them_exactly(opened, shared):
    distances = np.array([d for d in shared.values("dist_to_S") if d is not None])
    before = opened.state("gaps")
    assert before == shared.count_values("is_gap").get(True, 0)
    slider = opened.page.get_by_role("slider", name="δ")
    slider.focus()
    for _ in range(3):
        opened.page.keyboard.press("PageDown")
    opened.wait_state("s.choices.delta !== null")
    delta = opened.state("delta")
    exact = int((distances > delta).sum())
    assert exact > before
    opened.wait_state(f"s.gaps === {exact}")
    opened.wait("(css) => !document.querySelector(css).innerText.includes('≈')", DELTA)
    opened.page.get_by_role("textbox", name="δ value").fill("0.05")
    opened.page.keyboard.press("Enter")
    opened.wait_state(f"s.gaps === {int((distances > 0.05).sum())}")
    opened.page.get_by_role("button", name="Reset to").click()
    opened.wait_state(f"s.gaps === {before} && s.choices.delta === null")


def test_the_keyboard_turns_zooms_and_asks(opened):
    opened.page.locator('[data-cy="gs-canvas"]').focus()
    before = opened.read("window.__gapsphere.scene.orbit.eye")
    opened.page.keyboard.press("ArrowLeft")
    opened.page.keyboard.press("+")
    assert opened.read("window.__gapsphere.scene.orbit.eye") != before
    assert opened.read("window.__gapsphere.scene.orbit.zoom") > 1
    opened.page.keyboard.press("0")
    assert opened.read("window.__gapsphere.scene.orbit.zoom") == 1
    opened.page.keyboard.press("Enter")
    opened.wait_state("!s.busy && s.answer !== null")
    opened.clear()


def test_the_right_button_moves_the_sphere_and_the_key_0_brings_it_back(opened):
    def place(index):
        return opened.read(f"(({{x, y}}) => [x, y])(window.__gapsphere.project({index}))")

    index, x, y = opened.point_in_sight()
    mouse, (at_x, at_y) = opened.page.mouse, opened.middle()
    eye = opened.read("window.__gapsphere.scene.orbit.eye")
    mouse.move(at_x, at_y)
    mouse.down(button="right")
    mouse.move(at_x + 30, at_y - 20)
    mouse.move(at_x + 60, at_y - 40)
    mouse.up(button="right")
    assert place(index) == pytest.approx([x + 60, y - 40], abs=1)
    assert opened.read("window.__gapsphere.scene.orbit.eye") == eye
    assert (opened.state("busy"), opened.state("answer")) == (False, None), "a drag asks nothing"
    opened.page.locator('[data-cy="gs-canvas"]').focus()
    opened.page.keyboard.press("0")
    assert place(index) == pytest.approx([x, y], abs=1)


def test_an_event_decodes_nothing_anew_and_then_nothing_is_drawn(opened):
    """FiftyOne copies panel data on every event: columns must survive that as they are."""
    opened.page.evaluate(
        "() => { window.__decoded = 0; const old = window.atob;"
        "window.atob = (text) => { window.__decoded += text.length; return old(text); } }"
    )
    _, x, y = opened.point_in_sight()
    opened.page.mouse.click(x, y)
    answer = opened.answer("point")
    opened.count(10)
    opened.page.mouse.move(0, 0)
    # Once a frame has passed in which nothing was drawn, nothing is drawn any more.
    opened.page.evaluate(
        """() => new Promise((resolve) => {
          let before = -1, still = 0;
          const look = () => {
            const { frames } = window.__gapsphere.scene;
            still = frames === before ? still + 1 : 0;
            before = frames;
            if (still >= 30) resolve(frames); else requestAnimationFrame(look);
          };
          look();
        })"""
    )
    assert opened.read("window.__decoded") == len(answer["highlight"])
    opened.clear()


def test_a_finger_taps_turns_and_pinches(touch_panel, shared, shot):
    panel, page = touch_panel, touch_panel.page
    panel.open(shared)
    index, x, y = panel.point_in_sight()
    page.touchscreen.tap(x, y)
    assert panel.answer("point")["query"]["index"] == index

    touch = page.context.new_cdp_session(page)
    x, y = panel.middle()

    def fingers(kind, *places):
        points = [{"x": a, "y": b, "id": i} for i, (a, b) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    turn = panel.read("window.__gapsphere.scene.orbit.turn")
    fingers("touchStart", (x, y))
    fingers("touchMove", (x + 20, y))
    fingers("touchMove", (x + 60, y + 10))
    fingers("touchEnd")
    assert panel.read("window.__gapsphere.scene.orbit.turn") != turn
    assert not panel.state("busy"), "a drag is no tap"
    assert panel.state("answer")["query"]["index"] == index
    fingers("touchStart", (x - 20, y), (x + 20, y))
    fingers("touchMove", (x - 40, y), (x + 40, y))
    fingers("touchMove", (x - 60, y), (x + 60, y))
    fingers("touchEnd")
    zoom = panel.read("window.__gapsphere.scene.orbit.zoom")
    assert 2.5 < zoom < 3.5, "three times as far apart, three times as large"
    shot(page, "panel-touch")
