"""Every state has a face, and none is a blank panel."""

import fiftyone as fo
import numpy as np
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.workspaces import save_workspace

PANEL = '[data-cy="gap-explorer"]'


def test_before_anything_is_computed_a_button_runs_it(panel, dataset, images, shot):
    # A dataset without samples has no panels at all: the App shows how to add some.
    save_workspace(dataset)
    dataset.add_samples([fo.Sample(filepath=str(images[0]), tags=[t]) for t in "SSU"])
    panel.open(dataset, ready=False)
    panel.page.wait_for_selector('[data-cy="gs-face-not-computed"]')
    assert "2 images you own and 1 candidate" in panel.page.inner_text(PANEL)
    # A run is killed as it measures coverage.
    runs.write(dataset, Names(), runs.Record("coverage", {}, {}, running=True))
    dataset.set_values("embedding", [np.ones(1, np.float32)] * 2 + [None])
    runs.write(dataset, Names(), runs.Record("embeddings", {}, {}, {"gaps": 0}))
    panel.page.wait_for_selector(
        '[data-cy="gs-begun"] >> text=Done so far: vectors of 2 of 3 images. The last '
        "compute_coverage did not finish. Find gaps goes on from there."
    )
    shot(panel.page, "face-not-computed")
    panel.page.get_by_role("button", name="Find gaps", exact=True).click()
    panel.page.wait_for_selector('[data-cy="operators-prompt-modal"]')


def test_without_s_and_u_the_panel_asks_for_them_and_finds_the_gaps(panel, dataset, images, shot):
    """By a value of a field, everything else, and one click; the panel then shows the sphere."""
    rng = np.random.default_rng(4)
    save_workspace(dataset)
    dataset.add_samples(
        [
            fo.Sample(
                filepath=str(images[n % 12]),
                time_of_day="day" if n < 16 else "dusk",
                vec=rng.normal(size=8).astype(np.float32),
            )
            for n in range(26)
        ]
    )
    page = panel.open(dataset, ready=False).page
    page.wait_for_selector('[data-cy="gs-face-not-computed"] >> text=Which images do you own?')
    shot(page, "face-no-sets")
    page.get_by_role("button", name="Choose images").click()
    form = page.locator('[data-cy="operators-prompt-modal"]')
    form.get_by_text("Choose the images you own.", exact=True).wait_for()
    assert form.get_by_text("Number of picks").count() == 0
    shot(page, "form-no-sets")
    asked = form.get_by_role("combobox")
    for at, (typed, offered) in enumerate(
        [("day", "time_of_day = day · 16"), ("every", "everything else")]
    ):
        asked.nth(at).fill(typed)
        page.get_by_role("option", name=offered).click()
    form.get_by_text("The whole dataset: 16 owned, 10 candidates").wait_for()
    shot(page, "form-sets-chosen")
    form.get_by_text("Encoder", exact=True).scroll_into_view_if_needed()
    encoder = form.get_by_role("combobox").filter(has_text="auto")
    encoder.click()
    page.get_by_role("option", name="field", exact=True).click()
    model = form.get_by_text("Model", exact=True).locator("xpath=following::input[1]")
    model.fill("vec")
    page.get_by_role("button", name="Execute", exact=True).click()
    panel.wait("window.__gapsphere && window.__gapsphere.ready")
    assert panel.state("run")["total"] == 26


def test_the_open_panel_says_that_its_results_are_stale_and_then_that_they_are_gone(
    panel, own, images, shot
):
    panel.open(own)
    own.delete_samples(own.take(3, seed=1).values("id"))
    own.add_samples([fo.Sample(filepath=str(images[0]), tags=["U"]) for _ in range(2)])
    panel.page.wait_for_selector(
        '[data-cy="gs-stale"] >> text=2 samples added and 3 samples removed'
    )
    panel.wait_state(f"s.run.total === {len(own) - 2}")
    shot(panel.page, "panel-stale")
    panel.page.get_by_role("button", name="Update").click()
    panel.page.wait_for_selector('[data-cy="operators-prompt-modal"]')
    panel.page.keyboard.press("Escape")
    own.delete_brain_run("gapsphere")
    panel.page.wait_for_selector('[data-cy="gs-face-not-computed"]')


def test_while_it_loads_and_when_that_fails(panel, own, shot):
    """The panel's request is held back, then lost with all that the App tries again by itself."""
    page, held, lost = panel.page, [], [True]

    def lose(route):
        if not lost or '"reload"' not in (route.request.post_data or ""):
            route.continue_()
        elif held:
            route.abort()
        else:
            held.append(route)

    page.route("**/operators/execute*", lose)
    with page.expect_request(lambda request: '"reload"' in (request.post_data or "")):
        panel.open(own, ready=False)
    page.wait_for_selector('[data-cy="gs-face-loading"]')
    shot(page, "face-loading")
    held[0].abort()
    page.wait_for_selector('[data-cy="gs-face-failed"] >> text=is not responding')
    shot(page, "face-failed")
    lost.clear()
    page.get_by_role("button", name="Try again").click()
    panel.wait("window.__gapsphere && window.__gapsphere.ready")


def test_without_webgl_the_panel_says_so(panel, own, shot):
    panel.page.add_init_script(
        "HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...rest) {"
        "  return /webgl/.test(kind) ? null : old.call(this, kind, ...rest);"
        "})(HTMLCanvasElement.prototype.getContext)"
    )
    panel.open(own, ready=False)
    panel.page.wait_for_selector('[data-cy="gs-face-webgl"]')
    assert "WebGL" in panel.page.inner_text(PANEL)
    shot(panel.page, "face-webgl")


def test_a_context_that_is_lost_is_made_anew_and_looks_at_the_same_place(panel, own):
    """A driver that is reset, or a page with many canvases, takes the context of a good one."""
    panel.open(own)
    panel.page.evaluate(
        "const { scene, canvas, project } = window.__gapsphere;"
        "scene.orbit.drag(90, -40); scene.orbit.zoomBy(1.6, 30, -20); scene.orbit.panBy(12, 5);"
        "window.seen = [0, 1, 2].map(project);"
        "window.before = canvas;"
        "before.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    panel.wait("window.__gapsphere?.ready && window.__gapsphere.canvas !== window.before")
    panel.wait(
        "[0, 1, 2].map(window.__gapsphere.project).every("
        "(now, at) => Math.hypot(now.x - window.seen[at].x, now.y - window.seen[at].y) < 1)"
    )
    assert panel.page.locator('[data-cy="gs-face-webgl"]').count() == 0


def test_without_the_app_s_three_js_the_panel_says_so(panel, own, shot):
    panel.page.add_init_script(
        "Object.defineProperty(window, '__three__', { get: () => undefined, set: () => undefined })"
    )
    panel.open(own, ready=False)
    panel.page.wait_for_selector('[data-cy="gs-face-webgl"]')
    assert "does not share its 3D library" in panel.page.inner_text(PANEL)
    shot(panel.page, "face-three")
