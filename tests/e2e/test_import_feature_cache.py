"""A feature cache comes in by the App's own form, and its user reads about it."""

import pytest
from gapsphere.tests.support.made_cache import EVERY, make_cache

USABLE = 2000 - EVERY.duplicates - EVERY.escaping


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return make_cache(tmp_path_factory.mktemp("cache"), 2000, dimension=8, defects=EVERY)


@pytest.fixture
def app(page, app_url, dataset):
    dataset.persistent = True
    page.goto(f"{app_url}/datasets/{dataset.name}")
    page.get_by_text("No samples yet").first.wait_for()
    return page


def bring(page, folder):
    page.keyboard.press("`")
    page.locator("input:focus").first.wait_for()
    page.keyboard.type("Gapsphere: Import feature cache")
    page.get_by_text("Gapsphere: Import feature cache", exact=True).last.click()
    page.get_by_text("Cache folder", exact=True).wait_for()
    field = page.get_by_text("Cache folder", exact=True).locator("xpath=following::input[1]")
    field.fill(str(folder))
    page.get_by_role("button", name="Execute").first.click()


def test_an_import_says_what_came_and_what_was_left_out(app, dataset, cache, shot):
    bring(app, cache)
    app.get_by_text(f"{USABLE:,} samples added").first.wait_for(timeout=120_000)
    shot(app, "import_result")
    dataset.reload()
    said = app.locator("body").text_content()
    for told in (
        f"{USABLE:,} samples added",
        f"12 ambiguous, {dataset.count_values('prediction_status')['unknown']} unknown",
        "1 row left out: file_name is empty (' ')",
        "2 rows left out: file_name leads out of the folder ('a/..\\\\..\\\\b.jpg', '../outside",
        "11 rows left out: no sample of that name ('elsewhere_0.jpg', ",
        "5 rows without a place: NaN or infinite ('row ",
        "rationales kept as raw text: broken JSON (",
    ):
        assert told in said
    assert dataset.count() == USABLE


def test_a_cache_that_cannot_be_used_is_refused_in_a_sentence(app, dataset, tmp_path):
    bring(app, tmp_path)
    app.get_by_text(f"{tmp_path} has no metadata.csv: it is not a feature cache.").first.wait_for()
    dataset.reload()
    assert dataset.count() == 0
