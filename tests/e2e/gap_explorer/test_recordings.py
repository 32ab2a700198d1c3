"""MCAP recordings in the App: their frames are samples, and each recording is a drive."""

import pytest
from gapsphere.tests.support.made_recording import write

SECONDS = 4


@pytest.fixture
def recorded(app_url, tmp_path):
    import fiftyone as fo
    import gapsphere
    from gapsphere.plugin.dataset.store.workspaces import save_workspace

    for part in ("S", "U"):
        (tmp_path / part).mkdir()
    for day, name in enumerate(("S/monday", "S/tuesday", "S/wednesday", "U/thursday")):
        write(tmp_path / f"{name}.mcap", "ros2", seconds=SECONDS, first=100 * day)
    dataset = fo.Dataset()
    gapsphere.load_images(dataset, str(tmp_path / "S"), str(tmp_path / "U"), progress=False)
    gapsphere.find_gaps(dataset, k=2, encoder="packaged", progress=False)
    save_workspace(dataset)
    yield dataset
    dataset.delete()


def test_a_recording_is_a_drive_whose_frames_are_shown(panel, recorded, shot):
    panel.open(recorded)
    assert panel.read("window.__gapsphere.scene.count") == 4 * SECONDS
    panel.radio("Pane", "Drives 1")
    panel.page.locator('[data-cy="gs-drive"]', has_text="thursday").click()
    assert panel.answer("drive")["total"] == SECONDS
    panel.count(SECONDS)
    panel.page.wait_for_function(
        "[...document.querySelectorAll('.gs-results img')].every((one) => one.naturalWidth > 0)"
    )
    shot(panel.page, "recordings")
