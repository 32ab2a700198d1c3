"""The main job as a person does it in the App: press the globe, fill the form, watch."""

import numpy as np
import pytest
from gapsphere.tests.support.app import execute, prompt
from PIL import Image
from playwright.sync_api import expect


@pytest.fixture
def loaded(dataset, tmp_path):
    from gapsphere.plugin.dataset.gaps.images.load import load_images

    rng = np.random.default_rng(11)
    for part, count, tint in (("S", 40, (1, 1, 1)), ("U", 24, (1, 0.3, 0.3))):
        (tmp_path / part).mkdir()
        for index in range(count):
            pixels = (rng.integers(0, 256, (6, 6, 3)) * tint).astype(np.uint8)
            Image.fromarray(pixels).resize((96, 64)).save(tmp_path / part / f"{index:02d}.png")
    load_images(dataset, str(tmp_path / "S"), str(tmp_path / "U"))
    dataset.persistent = True
    return dataset


@pytest.fixture
def app(page, app_url, loaded):
    page.goto(f"{app_url}/datasets/{loaded.name}")
    page.locator('[data-cy="looker"]').first.wait_for()
    return page


def test_find_gaps_runs_from_its_form_and_tags_the_picks(app, loaded, shot):
    prompt(app, "Gapsphere: Find gaps")
    app.get_by_label("Number of picks").or_(app.locator('input[type="number"]')).first.wait_for()
    shot(app, "find_gaps_form")
    execute(app)
    # The window says the result of a short run, the panel that of a longer one.
    app.locator('[data-cy="gs-work"][data-state="done"]').or_(
        app.get_by_role("dialog").get_by_text("covering radius")
    ).first.wait_for()
    app.wait_for_selector('[data-cy="gs-canvas"]', state="attached")
    shot(app, "find_gaps_result")
    loaded.reload()
    assert loaded.match_tags("kcenter").count() == 24
    assert len(loaded.exists("dist_to_S")) == 24
    assert loaded.has_brain_run("gapsphere")


def test_a_mistake_is_told_in_a_sentence(app, loaded, shot):
    prompt(app, "Gapsphere: Compute coverage")
    execute(app)
    app.get_by_text("run compute_embeddings first").first.wait_for()
    shot(app, "mistake")


def test_a_value_out_of_range_cannot_be_executed(app, shot):
    prompt(app, "Gapsphere: Select by K-Center")
    app.locator('input[type="number"]').first.fill("0")
    expect(app.get_by_role("button", name="Execute").first).to_be_disabled()
    shot(app, "invalid")
