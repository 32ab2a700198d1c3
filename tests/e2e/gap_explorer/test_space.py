"""How sphere and answer share the panel: a column with a splitter, a drawer where it is small."""

import pytest

PANEL = '[data-cy="gap-explorer"]'
SPLITTER = '[data-cy="gs-splitter"]'
ANSWER = ".gs-answer"


def opened_at(panel, dataset, width, height):
    panel.page.set_viewport_size({"width": width, "height": height})
    return panel.open(dataset)


def size(panel, css):
    return panel.page.locator(css).bounding_box()


def arranged(panel, space):
    panel.page.wait_for_selector(f'[data-cy="gs-main"][data-space="{space}"]')


def is_wide(panel, width):
    """Wait until the answer has that width."""
    panel.wait(
        "([css, to]) =>"
        " Math.abs(document.querySelector(css).getBoundingClientRect().width - to) < 2",
        [ANSWER, width],
    )


def in_sight(panel, target):
    """Whether it is seen whole without scrolling."""
    panel.wait("document.querySelector('[data-cy=\"gs-results\"]').scrollTop === 0")
    target.wait_for()
    box, frame = target.bounding_box(), size(panel, '[data-cy="gs-results"]')
    above = frame["y"] <= box["y"]
    return above and box["y"] + box["height"] <= frame["y"] + frame["height"]


def test_the_column_is_as_wide_as_it_was_left(panel, shared):
    opened_at(panel, shared, 1600, 1000)
    arranged(panel, "column")
    before = size(panel, ANSWER)["width"]
    assert before >= 320
    handle = size(panel, SPLITTER)
    mouse = panel.page.mouse
    mouse.move(handle["x"] + 4, handle["y"] + 200)
    mouse.down()
    mouse.move(handle["x"] - 30, handle["y"] + 200)
    mouse.move(handle["x"] - 56, handle["y"] + 200)
    mouse.up()
    is_wide(panel, before + 60)
    panel.page.focus(SPLITTER)
    panel.page.keyboard.press("ArrowRight")
    wide = size(panel, ANSWER)["width"]
    assert wide == pytest.approx(before + 36, abs=2)
    panel.reload()
    is_wide(panel, wide)
    panel.page.focus(SPLITTER)
    panel.page.keyboard.press("Home")
    assert size(panel, ANSWER)["width"] == pytest.approx(320, abs=1)


@pytest.mark.parametrize(("width", "height"), [(1600, 1000), (1280, 720)])
def test_how_sure_one_may_be_is_said_in_sight_and_leads_to_why(panel, shared, width, height, shot):
    page = opened_at(panel, shared, width, height).page
    line = page.locator('[data-cy="gs-sure"]')
    assert in_sight(panel, line)
    run = panel.state("run")
    assert "level 10 %" in line.inner_text()
    assert f"{run['drives_owned']} owned drives" in line.inner_text()
    line.evaluate("(line) => { line.style.width = '180px' }")
    assert line.evaluate(
        "(line) => [...line.children].every((one) => one.scrollWidth <= one.clientWidth)"
    )
    line.evaluate("(line) => { line.style.width = '' }")
    page.locator('[data-cy="gs-pick-list"]').wait_for()
    shot(page, f"sure-{height}")
    line.click()
    panel.wait(
        """(() => {
          const at = (name) => document.querySelector(`[data-cy="${name}"]`);
          const box = (name) => at(name).getBoundingClientRect();
          const [why, frame] = [box("gs-standing"), box("gs-results")];
          return frame.top <= why.top && why.bottom <= frame.bottom;
        })()"""
    )


def cut_in_the_middle(name):
    """Whether a name that has no room loses letters before its number and ending."""
    return name.evaluate(
        """(name) => {
          name.style.width = "70px";
          const [head, tail] = name.children;
          const ends = tail.getBoundingClientRect().right - name.getBoundingClientRect().right;
          const numbered = /\\d\\.png$/.test(tail.innerText);
          return head.scrollWidth > head.clientWidth && numbered && ends < 1;
        }"""
    )


def test_in_a_small_window_the_answer_is_a_drawer(panel, shared, shot):
    page = opened_at(panel, shared, 1280, 720).page
    arranged(panel, "drawer")
    open_at = size(panel, ANSWER)["height"]
    assert size(panel, '[data-cy="gs-canvas"]')["width"] > 400
    shot(page, "drawer")
    legend = page.locator('[data-cy="gs-legend"]')
    legend.get_by_role("button", name="Legend").click()  # folded, or it would hide the sphere
    legend.get_by_text("owned", exact=True).wait_for()
    legend.get_by_role("button").first.click()

    # Closed by a click on its handle, the sphere has the room; tray and panes stay in sight.
    page.locator(SPLITTER).click()
    panel.wait(f"() => document.querySelector('{ANSWER}').clientHeight < 60")
    assert page.get_attribute(SPLITTER, "aria-valuenow") == "0"
    page.locator('[data-cy="gs-tray"]').get_by_role("heading").click(trial=True)
    closed = size(panel, '[data-cy="gs-canvas"]')["height"]

    # An answer opens it, with pictures and what to do in sight; and so does the keyboard.
    panel.ask_place()
    panel.wait(f"() => document.querySelector('{ANSWER}').clientHeight > {open_at - 2}")
    assert in_sight(panel, page.locator('[data-cy="gs-card"] img').first)
    assert in_sight(panel, page.get_by_role("button", name="Add to Visual Spec"))
    page.get_by_role("button", name="More actions").click()
    assert in_sight(panel, page.get_by_role("menu")), "it opens where there is room"
    page.keyboard.press("Escape")
    shot(page, "drawer-place")
    assert cut_in_the_middle(page.locator(".gs-cards .gs-name").first)
    assert size(panel, '[data-cy="gs-canvas"]')["height"] < closed - 100
    page.focus(SPLITTER)
    page.keyboard.press("ArrowUp")
    panel.wait(f"() => document.querySelector('{ANSWER}').clientHeight > {open_at + 20}")
    page.keyboard.press("Enter")
    panel.wait(f"() => document.querySelector('{ANSWER}').clientHeight < 60")
    panel.reload()
    assert size(panel, ANSWER)["height"] < 60
    page.get_by_role("radio", name="Progress").click()
    panel.wait(f"() => document.querySelector('{ANSWER}').clientHeight > 100")


def test_in_a_narrow_panel_nothing_is_cut_and_what_opens_lies_in_it(panel, shared, shot):
    """As wide as a third of a laptop's window: the bars above and below the sphere have no room."""
    page = opened_at(panel, shared, 930, 900).page
    frame = size(panel, PANEL)
    assert 340 < frame["width"] < 420
    cut = page.locator(".gs-panes button, .gs-delta label, [data-cy='gs-level']").evaluate_all(
        "(all) => all.filter((one) => one.scrollHeight > 26 || one.offsetHeight > 26).length"
    )
    assert cut == 0, "words of one line stand in one"
    assert size(panel, ".gs-bars")["width"] > 60, "and δ can be dragged"
    shot(page, "narrow")

    def inside(target):
        box = target.bounding_box()
        right, edge = box["x"] + box["width"], frame["x"] + frame["width"]
        return frame["x"] <= box["x"] and right <= edge and box["width"] > 200

    assert inside(panel.settings())
    shot(page, "narrow-settings")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Colour by").click()
    assert inside(page.locator('[data-cy="gs-colours"]'))
    page.keyboard.press("Escape")
    page.locator('[data-cy="gs-delta"] input').focus()
    page.get_by_role("button", name="How to read this").click()
    told = page.locator(".gs-help-text")
    assert inside(told)
    assert told.locator("p").first.evaluate("(text) => text.scrollWidth <= text.clientWidth")
    page.keyboard.press("Escape")


def test_the_drawer_shows_what_the_tray_says_and_takes_back(panel, shared):
    page = opened_at(panel, shared, 1280, 720).page
    arranged(panel, "drawer")
    panel.ask_place()
    page.get_by_role("button", name="Add to Visual Spec").click()
    tray = page.locator('[data-cy="gs-tray"]')
    tray.get_by_text("added").click(trial=True)
    act = "**/operators/execute*"
    page.route(
        act,
        lambda route: (
            route.abort() if '"act"' in (route.request.post_data or "") else route.continue_()
        ),
    )
    tray.get_by_role("button", name="Export").click()
    tray.get_by_role("alert").click(trial=True)
    tray.get_by_role("button", name="Undo").click()
    tray.get_by_text("Nothing collected yet").wait_for()
