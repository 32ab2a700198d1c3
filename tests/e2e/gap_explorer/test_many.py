"""Many points, and more than one panel."""

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.store.workspaces import save_workspace
from gapsphere.tests.support.made_sphere import make_dataset


@pytest.fixture(scope="module")
def large(images, app_url):
    """More samples than are drawn at first, of one image, with a sphere and distances alone."""
    dataset = fo.Dataset()
    make_dataset(dataset, 60_000, images[:1], embeddings=False)
    save_workspace(dataset)
    yield dataset
    dataset.delete()


def test_60_000_points_are_drawn_some_of_them_or_all(panel, large, shot):
    panel.open(large)
    panel.page.wait_for_selector("text=Showing 50,000 of 60,000")
    assert panel.state("drawn") == 50_000
    shot(panel.page, "panel-50k-of-60k")
    panel.settings().get_by_label("Max points").select_option("0")
    panel.page.wait_for_selector("text=60,000 points")
    panel.wait_state("s.ready && s.drawn === 60000")
    panel.page.keyboard.press("Escape")
    _, x, y = panel.point_in_sight()
    panel.page.mouse.move(x - 20, y)
    panel.page.mouse.move(x, y)
    panel.page.wait_for_selector('[data-cy="gs-hover"] img')
    shot(panel.page, "panel-60k")


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
    # They gather into one tray.
    panel.page.get_by_role("button", name="Add to Visual Spec", exact=True).first.click()
    panel.wait(
        "() => { const counts = [...document.querySelectorAll('[data-cy=\"gs-tray-count\"]')]"
        ".map((one) => one.innerText); return counts.length === 2 && counts[0] === counts[1]; }"
    )
