"""The folder of six files, without embeddings, as its owner explores it in the App."""

import pytest
from gapsphere.tests.support.six_files import write_six_files

PANEL = '[data-cy="gap-explorer"]'
HEAT = '[data-cy="gs-heat"]'
RESTS = "From the sphere's coordinates and the imported distances; there are no embeddings."


@pytest.fixture(scope="module")
def imported(tmp_path_factory, app_url):
    """A rendered drive, analysed, written as six files and imported into another dataset."""
    import fiftyone as fo
    from gapsphere.plugin.dataset import api
    from gapsphere.scripts.demo.drive import render_drive

    folder = tmp_path_factory.mktemp("drive")
    render_drive(folder, images=(24, 36))
    analysed, other = fo.Dataset(), fo.Dataset()
    api.load_images(analysed, csv=str(folder / "metadata.csv"), progress=False)
    found = api.find_gaps(analysed, k=4, encoder="packaged", progress=False)
    delta = found.covered.quantiles["p90"]
    api.import_artifacts(other, write_six_files(analysed, folder / "outputs", delta))
    yield other
    for dataset in (analysed, other):
        dataset.delete()


def test_points_and_places_are_answered_looked_into_and_exported(panel, imported, shot):
    panel.open(imported)
    page = panel.page
    page.locator('[data-cy="gs-run-note"]', has_text=RESTS).wait_for()

    index, x, y = panel.point_in_sight()
    page.mouse.click(x, y)
    answer = panel.answer("point")
    assert answer["cards"][0]["index"] == index
    assert answer["words"]["evidence"][0].startswith(RESTS)
    assert answer["words"]["trust"] is None
    assert {card["percentile"] for card in answer["cards"]} == {None}
    assert {card["distance"] for card in answer["cards"][1:]} == {None}
    shot(page, "six-files-point")

    page.mouse.click(*panel.empty_place())
    answer = panel.answer("place")
    distance = dict(zip(*imported.values(["id", "dist_to_S"]), strict=True))
    assert [card["dist_to_S"] for card in answer["cards"]] == pytest.approx(
        [distance[card["id"]] for card in answer["cards"]]
    )
    page.get_by_text("without re-ranking").wait_for()

    panel.more("Heatmap")
    page.get_by_text("what made the distances is not known here").wait_for()
    panel.wait("([css, n]) => document.querySelectorAll(css).length === n", [HEAT, 8])
    shot(page, "six-files-heatmaps")
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector(f'{PANEL}[data-theme="light"]')
    shot(page, "six-files-light")

    page.get_by_role("button", name="Add to Visual Spec", exact=True).click()
    tray = page.get_by_role("region", name="Visual Spec tray")
    tray.get_by_text("8 added.").wait_for()
    tray.get_by_role("button", name="Export").click()
    page.wait_for_selector('[data-cy="operators-prompt-modal"] >> text=8 selected samples')
    page.get_by_role("button", name="Execute").first.click()
    page.get_by_text("the spec cannot check images").first.wait_for()
    shot(page, "six-files-export")
    # What was selected for the form alone is given back: the next click on a picture opens it.
    panel.wait_state("s.selected.length === 0")
