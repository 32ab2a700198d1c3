"""A feature cache comes in by the App's own form: watched, stopped, read about."""

import re

import pytest
from gapsphere.tests.support.app import execute, fill, prompt
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
    prompt(page, "Gapsphere: Import feature cache")
    fill(page, "Cache folder", str(folder))
    execute(page)


def test_an_import_into_an_empty_dataset_is_watched_and_stopped(app, dataset, cache, shot):
    bring(app, cache)
    window = app.get_by_role("dialog").filter(has_text=re.compile("Samples: [1-9]"))
    window.get_by_role("button", name="Stop", exact=True).click()
    app.get_by_text("Stopped. What was done so far is kept").first.wait_for()
    shot(app, "import_stopped")
    app.get_by_role("button", name="Done").first.click()
    app.locator('[data-cy="looker"]').first.wait_for()  # what is there is shown
    dataset.reload()
    assert 0 < dataset.count() < USABLE


def test_an_import_says_what_came_and_what_was_left_out(app, dataset, cache, shot):
    bring(app, cache)
    app.get_by_text(f"{USABLE:,} samples added").first.wait_for()
    dataset.reload()
    for told in (
        f"12 ambiguous, {dataset.count_values('prediction_status')['unknown']} unknown",
        "1 row left out: file_name is empty (' ')",
        "2 rows left out: file_name leads out of the folder ('a/..\\\\..\\\\b.jpg', '../outside",
        "11 rows left out: no sample of that name ('elsewhere_0.jpg', ",
        "5 rows without a place: NaN or infinite ('row ",
        "rationales kept as raw text: broken JSON (",
    ):
        app.get_by_text(told).first.wait_for()
    shot(app, "import_result")
    assert dataset.count() == USABLE


def test_a_cache_that_cannot_be_used_is_refused_in_a_sentence(app, dataset, tmp_path):
    bring(app, tmp_path)
    app.get_by_text(f"{tmp_path} has no metadata.csv: it is not a feature cache.").first.wait_for()
    dataset.reload()
    assert dataset.count() == 0
