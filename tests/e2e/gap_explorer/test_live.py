"""The open panel follows the dataset, and long work leaves the App to its user."""

import pytest
from gapsphere.plugin.dataset import api
from gapsphere.plugin.dataset.store.fiftyone_internals import stages
from gapsphere.plugin.dataset.store.leases import Lease
from gapsphere.plugin.dataset.work import told
from gapsphere.plugin.dataset.work.told import MEANT
from gapsphere.tests.support.app import FORM, execute, fill, holds, prompt
from gapsphere.tests.support.waiting import wait_for
from playwright.sync_api import expect

PANEL = '[data-cy="gap-explorer"]'
WORK = '[data-cy="gs-work"]'
CAMERA = "[...window.__gapsphere.scene.orbit.eye, window.__gapsphere.scene.orbit.zoom]"


def gaps_at(dataset, delta):
    return sum(value > delta for value in dataset.exists("dist_to_S").values("dist_to_S"))


def test_a_new_run_comes_into_the_open_panel_with_all_that_its_user_did(panel, own, shot):
    panel.open(own)
    page = panel.page
    _, x, y = panel.point_in_sight()
    page.mouse.click(x, y)
    asked = panel.answer("point")["cards"][0]["id"]
    page.get_by_role("button", name="Add to Visual Spec").first.click()
    page.wait_for_selector(".gs-tray .gs-held")
    camera, delta = panel.read(CAMERA), panel.state("run")["delta"]

    # From Python, as the command line or another tab would.
    api.compute_coverage(own, delta=delta / 2, progress=False)
    whole = "!s.busy && s.answer && s.answer.stamp === s.run.stamp"
    panel.wait_state(f"s.run.delta === {delta / 2} && {whole}")
    assert panel.state("run")["gaps"] == gaps_at(own, delta / 2)
    assert panel.state("answer")["cards"][0]["id"] == asked
    assert panel.read(CAMERA) == pytest.approx(camera)
    assert page.locator(".gs-tray .gs-held").count() > 0

    # In this browser, by an operator of the App.
    prompt(page, "Gapsphere: Compute coverage")
    page.get_by_label("Delta", exact=False).or_(page.locator('input[type="number"]')).first.fill(
        "0.3"
    )
    execute(page)
    panel.wait_state("s.run.delta === 0.3")
    shot(page, "live-coverage")
    page.wait_for_selector(WORK, state="detached")  # the window has said it
    assert panel.state("run")["gaps"] == gaps_at(own, 0.3)


def test_a_click_on_what_has_changed_is_answered_all_the_same(panel, own):
    panel.open(own)
    # The panel hears nothing before the click: its look at the dataset is held back.
    panel.page.route(
        "**/operators/execute",
        lambda route: (
            route.abort()
            if '"__method__":"pulse"' in (route.request.post_data or "") and held
            else route.continue_()
        ),
    )
    held = [True]
    _, x, y = panel.point_in_sight()
    kept = panel.state("run")["total"]
    wanted = own.values("id")[0]
    own.delete_samples([wanted])
    panel.page.mouse.click(x, y)
    held.clear()
    answer = panel.answer("point")
    assert panel.state("run")["total"] == kept - 1
    assert answer["cards"]


def test_long_work_leaves_the_app_free_and_is_stopped_from_the_panel(panel, own, shot):
    panel.open(own)
    page = panel.page
    prompt(page, "Gapsphere: Compute embeddings")
    page.get_by_text("More settings").click()
    fill(page, "Batch size", "1")
    fill(page, "Suffix", "again")
    execute(page)
    page.wait_for_selector(f'{WORK}[data-state="running"] >> text=Embeddings:')
    page.wait_for_selector(FORM, state="detached")
    page.mouse.click(*panel.middle())
    panel.wait_state("!s.busy && s.answer")
    shot(page, "live-working")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector(f'{WORK}[data-state="stopped"]')
    shot(page, "live-stopped")
    own.reload()
    done = len(own.exists("embedding_again"))
    assert 0 < done < len(own)
    # A few are left to do: each takes half a second where others work too.
    own.delete_samples(own.exists("embedding_again", False).skip(20))

    # The form that began it, filled in as it was; what is embedded stays.
    page.get_by_role("button", name="Go on", exact=True).click()
    page.wait_for_selector(FORM)
    holds(page, "Suffix", "again")
    holds(page, "Batch size", "1")
    fill(page, "Batch size", "64")
    execute(page)
    page.wait_for_selector(f'{WORK}[data-state="stopped"]', state="detached")  # it has begun
    wait_for(lambda: len(own.exists("embedding_again")) == len(own), every=0.5)
    # Its window says so, or the panel where it took longer than the window waits.
    told = page.get_by_role("button", name="Dismiss")
    told.or_(page.get_by_role("button", name="Done", exact=True)).first.click()
    page.wait_for_selector(FORM, state="detached")
    page.wait_for_selector(WORK, state="detached")


def test_going_on_opens_a_form_of_the_view_that_the_work_was_begun_on(panel, own, shot):
    form = {"view_target": "CURRENT_VIEW", MEANT: {"view": stages(own.match_tags("S"))}}
    begun = Lease.mine("compute_embeddings")
    entry = told.Told(begun, "Compute embeddings", state="stopped", params=form)
    told.tell(told.store_of(own), entry)
    page = panel.open(own).page
    page.get_by_role("button", name="Go on", exact=True).click()
    page.locator(FORM).get_by_text("current view", exact=False).first.wait_for()
    shot(page, "live-go-on")
    # The form asks for its inputs once more when it has its view, and is not to be sent meanwhile.
    expect(page.get_by_role("button", name="Execute")).to_be_enabled()
    assert page.locator(FORM).get_by_text("Invalid", exact=False).count() == 0
