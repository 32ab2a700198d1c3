"""From the grid to the sphere: selection, modal, sidebar, view bar, another dataset."""

from contextlib import suppress

import fiftyone as fo
from gapsphere.plugin.dataset.store.workspaces import save_workspace
from gapsphere.tests.support.app import close_sample
from gapsphere.tests.support.made_sphere import make_dataset
from playwright.sync_api import TimeoutError as TimedOut

READY = "window.__gapsphere && window.__gapsphere.ready"


def test_the_grid_lights_up_and_marks_on_the_sphere(panel, own, shot):
    panel.open(own)
    panel.page.wait_for_selector('[data-cy="looker"]')
    looker = panel.page.locator('[data-cy="looker"]').first
    looker.hover()
    looker.locator('[data-cy="looker-checkbox-"]').click()
    panel.wait_state("s.selected.length === 1")
    shot(panel.page, "panel-selected")
    # On the far side it could not be seen: a chip says so, and turns to it.
    at = panel.state("selected")[0]
    panel.page.evaluate(
        """(at) => { const hook = window.__gapsphere;
        hook.face(hook.pointAt(at).map((one) => -one)); }""",
        at,
    )
    chip = panel.page.locator('[data-cy="gs-behind"]')
    chip.wait_for()
    assert chip.inner_text() == "1 behind: turn"
    chip.click()
    panel.wait(f"window.__gapsphere.project({at}).visible")
    chip.wait_for(state="hidden")
    looker.locator('[data-cy="looker-checkbox-"]').click()
    panel.wait_state("s.selected.length === 0")
    box = looker.bounding_box()
    panel.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"])
    panel.wait_state("s.opened >= 0")
    close_sample(panel.page)
    panel.wait_state("s.opened < 0")


def test_a_filter_and_a_view_stage_dim_the_rest(panel, own, shot):
    panel.open(own)
    page = panel.page
    of = own.count_values("weather")
    page.locator('[data-cy="sidebar-field-arrow-enabled-weather"]').click()
    search = page.locator('[data-cy="selector-sidebar-search-weather"]')
    search.click()
    search.fill("rain")
    page.locator(
        '[data-cy="selector-results-container-sidebar-search-weather"] >> text=rain'
    ).click()
    panel.count(of["rain"])
    panel.wait_state(f"s.dimmed === {len(own) - of['rain']}")
    # Picks that the filter leaves out are dimmed with their points, core and rank alike.
    out = len(own.exists("kcenter_rank").match({"weather": {"$ne": "rain"}}))
    panel.wait_state(f"s.marks.dim === {2 * out}")
    assert out > 0
    shot(page, "panel-sidebar-filter")
    # An answer shows its own images that the filter keeps; closed, it gives the filtered grid back.
    answer = panel.ask_place()
    shown = own.select([card["id"] for card in answer["cards"] + answer["owned"]])
    panel.count(shown.count_values("weather")["rain"])
    panel.clear()
    panel.count(of["rain"])
    panel.wait_state(f"s.dimmed === {len(own) - of['rain']}")

    stage = page.locator('[data-cy="input-view-stage"]').last
    stage.click()
    stage.fill("Limit")
    stage.press("Enter")
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    panel.count(30)
    panel.wait_state(f"s.dimmed === {len(own) - 30}")
    shot(page, "panel-view-stage")
    # The App takes a new stage for a new view and forgets the filter; cleared, all is back.
    page.locator('[data-cy="btn-clear-view-bar"]').click()
    panel.count(len(own))
    panel.wait_state("s.dimmed === 0")


def test_a_saved_view_dims_the_rest_and_another_dataset_reloads(panel, own, images):
    own.save_view("owned", own.match_tags("S"))
    other = fo.Dataset()
    make_dataset(other, 300, images, k=5)
    save_workspace(other)
    panel.open(own, query="&view=owned")
    panel.wait_state(f"s.dimmed === {len(own.match_tags('U'))}")
    panel.ask_place()

    page = panel.page
    choose = page.locator('[data-cy="selector-dataset"]')
    choose.click()
    choose.fill(other.name)
    page.locator(f'[data-cy*="selector-result"] >> text={other.name}').first.click()
    page.wait_for_url(f"**/datasets/{other.name}*")
    panel.count(300)
    # The App shows a dataset with its own panels: ours is opened in it as a person would, who
    # clicks again where the menu closes because the grid is still being drawn.
    loaded = "window.__gapsphere?.state?.run?.total === 300"
    while not page.evaluate(loaded):
        with suppress(TimedOut):
            page.keyboard.press("Escape")
            page.locator('[data-cy="new-panel-btn"]').first.click(timeout=10_000)
            page.locator('[data-cy="new-panel-option-gap_explorer"]').click(timeout=10_000)
            page.wait_for_function(loaded, timeout=60_000)
    panel.wait(READY)
    panel.wait_state("s.run.total === 300 && s.answer === null && s.dimmed === 0")
    other.delete()
