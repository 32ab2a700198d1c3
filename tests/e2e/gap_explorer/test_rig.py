"""Gap Explorer on a grouped dataset: every camera of the rig is on the sphere and in the grid."""

import fiftyone as fo
import gapsphere
import pytest
from gapsphere.plugin.dataset.store.samples import flat
from gapsphere.plugin.dataset.store.workspaces import save_workspace
from gapsphere.tests.support.made_rig import CAMERAS, VECTOR, make_rig


@pytest.fixture
def rig(app_url, tmp_path):
    dataset = fo.Dataset()
    make_rig(dataset, tmp_path, moments=5)
    settings = {"encoder": "field", "model_path": VECTOR, "slices": "all", "progress": False}
    gapsphere.find_gaps(dataset, k=4, delta=0.3, **settings)
    save_workspace(dataset)
    yield dataset
    dataset.delete()


def test_every_camera_is_asked_about_and_shown(panel, rig, shot):
    panel.open(rig)
    assert panel.read("window.__gapsphere.scene.count") == 15 * len(CAMERAS)
    _, x, y = panel.point_in_sight()
    panel.page.mouse.click(x, y)
    answer = panel.answer("point")
    panel.count(panel.shown(answer))
    shot(panel.page, "rig")

    panel.radio("Pane", "Drives 1")
    panel.page.locator('[data-cy="gs-drive"]').click()
    drive = panel.answer("drive")
    assert drive["total"] == 5 * len(CAMERAS)
    panel.count(drive["total"])
    panel.page.get_by_role("button", name="Tag", exact=True).click()
    panel.page.get_by_role("textbox", name="Tag", exact=True).fill("seen")
    panel.page.keyboard.press("Enter")
    panel.page.wait_for_selector("text=tagged “seen”")
    shot(panel.page, "rig-drive")
    rig.reload()
    tagged = flat(rig).match_tags("seen")
    assert set(tagged.values("group.name")) == set(CAMERAS)
