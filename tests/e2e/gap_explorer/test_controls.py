"""The controls: each does what it says, is reached by keyboard, and is remembered."""

import math

import pytest

PANEL = '[data-cy="gap-explorer"]'
LEGEND, RAMP = '[data-cy="gs-legend"]', '[data-cy="gs-ramp"]'
WIDTHS = (1900, 380)
MODES = ("Point", "Place", "Cap", "Lasso")
EXTENT = """(() => {
  const hook = window.__gapsphere, box = hook.canvas.getBoundingClientRect();
  const at = Array.from({ length: hook.scene.count }, (_, i) => hook.project(i));
  const extent = (of) => Math.max(...at.map(of)) - Math.min(...at.map(of));
  return [extent((p) => p.x) / box.width, extent((p) => p.y) / box.height];
})()"""


def test_every_control_does_what_it_says_and_survives_a_reload(panel, own, shot):
    panel.open(own)
    for name, show in (("Owned", "S"), ("Candidates", "U"), ("Both", "both")):
        panel.radio("Show", name)
        panel.wait_state(f"s.choices.show === '{show}'")
    panel.colour("weather")
    panel.page.wait_for_selector('[data-cy="gs-classes"] >> text=rain')
    shot(panel.page, "panel-categorical")
    panel.colour("radius")
    panel.page.wait_for_selector(f"{LEGEND} >> text=kcenter_radius")
    panel.colour("density")
    panel.page.wait_for_selector(f"{RAMP} >> text=dense")
    assert panel.page.locator('[role="option"]').count() == 0
    panel.colour("distance to owned")
    panel.wait_state("s.choices.colour === 'dist_to_S'")

    settings = panel.settings()
    panel.radio("Projection", "Cartesian")
    panel.wait_state("s.spherical === false")
    modes = panel.page.get_by_role("radiogroup", name="Click mode")
    off = {name: modes.get_by_role("radio", name=name).is_disabled() for name in MODES}
    assert off == {"Point": False, "Place": True, "Cap": True, "Lasso": False}
    # The cloud fills the view, whatever its own size.
    assert 0.6 < max(panel.read(EXTENT)) < 1
    shot(panel.page, "panel-cartesian")
    panel.radio("Projection", "Spherical")
    panel.radio("Colours", "Cividis")
    panel.radio("Search in", "Owned")
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

    panel.radio("Click mode", "Place")
    panel.page.mouse.click(*panel.middle())
    answer = panel.answer("place")
    assert len(answer["cards"]) == 5
    assert {card["set"] for card in answer["cards"]} == {"S"}
    panel.count(5)
    # A choice asks the open question again, and does not take the answer out of the grid.
    panel.settings()
    panel.radio("Search in", "Candidates")
    panel.wait_state("!s.busy && s.answer && s.answer.cards[0].set === 'U'")
    answer = panel.state("answer")
    assert len(answer["cards"]) == 5
    panel.count(panel.shown(answer))
    # One unit in all of an answer, and it is named.
    near = panel.page.get_by_role("region", name="Candidates nearest here")
    told = near.locator('[data-cy="gs-card"]').evaluate_all("all => all.map((one) => one.title)")
    assert len(told) == 5
    assert all("(Euclidean distance)" in one for one in told)
    assert "cosine" not in panel.page.inner_text('[data-cy="gs-results"]')

    panel.reload()
    expected["search"] = "U"
    assert expected.items() <= panel.state("choices").items()


def test_the_sphere_is_asked_in_each_click_mode_by_the_keyboard(panel, own, shot):
    panel.open(own)
    modes = panel.page.get_by_role("radiogroup", name="Click mode")
    modes.get_by_role("radio", name="Point").focus()
    for mode in ("place", "cap", "lasso", "point", "place", "cap"):
        panel.page.keyboard.press("ArrowRight")
        panel.wait_state(f"s.choices.mode === '{mode}'")
    modes.locator(":focus[aria-checked='true']").wait_for()
    canvas = panel.page.locator('[data-cy="gs-canvas"]')
    canvas.focus()
    panel.page.keyboard.press("ArrowLeft")
    help_ = panel.page.locator('[data-cy="gs-keys"]')
    help_.wait_for(state="visible")
    assert "Enter asks about 15° around the middle" in help_.inner_text()
    assert "Enter asks about 15° around the middle" in canvas.get_attribute("aria-label")
    panel.page.keyboard.press("Enter")
    assert abs(panel.answer("cap")["query"]["angle"] - math.radians(15)) < 1e-6
    shot(panel.page, "panel-keys")
    panel.page.keyboard.press("Tab")
    help_.wait_for(state="hidden")


def test_the_tab_key_reaches_every_control_and_each_has_a_name(opened):
    opened.ask_place()
    opened.settings()
    names = opened.read(
        """(() => {
          const panel = document.querySelector('[data-cy="gap-explorer"]');
          return [...panel.querySelectorAll('button, input, select, a[href], [tabindex]')]
            .filter((one) => one.tabIndex >= 0 && !one.disabled)
            .map((one) => one.getAttribute('aria-label') || one.labels?.[0]?.innerText
              || one.innerText || one.title);
        })()"""
    )
    assert all(name and name.strip() for name in names), names
    opened.page.evaluate(
        """() => {
          const panel = document.querySelector('[data-cy="gap-explorer"]');
          const first = [...panel.querySelectorAll('button, input, select, [tabindex]')]
            .find((one) => one.tabIndex >= 0 && !one.disabled);
          window.__reached = new Set([first]);
          panel.addEventListener('focusin', (event) => window.__reached.add(event.target));
          first.focus();
        }"""
    )
    for _ in range(2 * len(names)):
        opened.page.keyboard.press("Tab")
        if not opened.read(f"document.querySelector('{PANEL}').contains(document.activeElement)"):
            break
    missed = opened.read(
        """(() => {
          const panel = document.querySelector('[data-cy="gap-explorer"]');
          return [...panel.querySelectorAll('button, input, select, a[href], [tabindex]')]
            .filter((one) => one.tabIndex >= 0 && !one.disabled && !window.__reached.has(one))
            .map((one) => one.outerHTML.slice(0, 120));
        })()"""
    )
    assert missed == []
    # Groups of one choice are one stop; the arrows choose.
    opened.page.get_by_role("radiogroup", name="Show").get_by_role("radio", name="Both").focus()
    opened.page.keyboard.press("ArrowLeft")
    opened.wait_state("s.choices.show === 'U'")
    opened.page.keyboard.press("ArrowRight")
    opened.wait_state("s.choices.show === 'both'")
    opened.page.get_by_role("button", name="Settings").focus()
    opened.page.keyboard.press("Escape")
    opened.page.get_by_role("dialog", name="Settings").wait_for(state="hidden")
    opened.clear()


@pytest.fixture
def sized(opened):
    """The panel with an answer and a full tray, at a width of its own until the test is over.

    The App itself is not made for narrow windows; a column of it may be narrow.
    """
    page = opened.page
    opened.ask_place()
    page.get_by_role("button", name="Add to Visual Spec").click()
    page.wait_for_selector('[data-cy="gs-held"] img')

    def size(width):
        page.evaluate(
            "([css, width]) => Object.assign(document.querySelector(css).style, width &&"
            "{ width: `${width}px`, position: 'fixed', inset: '0 auto 0 0', zIndex: 9999 }"
            "|| { width: '', position: '', inset: '', zIndex: '' })",
            [PANEL, width],
        )
        page.set_viewport_size({"width": max(width, 1400), "height": 850})

    yield size
    size(0)
    page.get_by_role("button", name="Empty the tray").click()
    opened.clear()


def test_the_panel_follows_the_app_s_theme(opened, shot):
    page = opened.page
    assert page.get_attribute(PANEL, "data-theme") == "dark"
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="light"]')
    shot(page, "panel-light")
    page.locator('[title="Dark mode"], [aria-label="Dark mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="dark"]')


@pytest.mark.parametrize("width", WIDTHS)
def test_no_control_reaches_over_the_panel_s_edge(opened, sized, width):
    sized(width)
    # The panel is laid out anew once it has heard of its size.
    space = "drawer" if width < 650 else "column"
    opened.wait(
        f"() => {{ const {{ clientWidth, dataset }} = document.querySelector('{PANEL}');"
        f" const {{ canvas }} = window.__gapsphere, box = canvas.getBoundingClientRect();"
        f" const drawn = Math.abs(canvas.width / canvas.height - box.width / box.height) < 0.02;"
        f" return clientWidth === {width} && dataset.space === '{space}' && drawn; }}"
    )
    sticking_out = opened.read(
        """(() => {
          const panel = document.querySelector('[data-cy="gap-explorer"]');
          const right = panel.getBoundingClientRect().right;
          const scrolled = '[data-cy="gs-tray-list"], [data-cy="gs-settings"]';
          return [...panel.querySelectorAll('button, input, select, h2, h3, canvas')]
            .filter((one) => !one.closest(scrolled))
            .filter((one) => one.getBoundingClientRect().right > right + 1)
            .map((one) => one.outerHTML.slice(0, 100));
        })()"""
    )
    assert sticking_out == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_canvas_is_drawn_in_the_shape_that_it_is_shown_in(opened, sized, width, shot):
    sized(width)
    opened.wait(
        """([css, width]) => {
          const { canvas } = window.__gapsphere, box = canvas.getBoundingClientRect();
          return Math.abs(document.querySelector(css).clientWidth - width) < 2
            && Math.abs(canvas.width / canvas.height - box.width / box.height) < 0.02;
        }""",
        [PANEL, width],
    )
    shot(opened.page, f"panel-{width}")
