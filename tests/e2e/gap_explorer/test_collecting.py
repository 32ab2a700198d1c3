"""What an answer becomes: heatmaps over its images, and candidates of a Visual Spec."""

from gapsphere.tests.support.made_sphere import name_encoder

HELD = '[data-cy="gs-held"]'
GONE = f'{HELD}[aria-disabled="true"]'
HEAT = '[data-cy="gs-heat"]'
GATHER = '[data-cy="gs-gather"]'
CARD = '[data-cy="gs-card"]'


def held(panel, number):
    panel.wait(
        "([held, number]) => document.querySelectorAll(held).length === number"
        " && document.querySelectorAll(`${held} img`).length === number",
        [HELD, number],
    )


def test_the_tray_gathers_over_several_places_and_opens_the_form_on_them(panel, own, shot):
    panel.open(own)
    page = panel.page
    tray = page.get_by_role("region", name="Visual Spec tray")
    how = tray.get_by_text("Nothing collected yet")
    how.wait_for()
    assert "Export the tray as one collection guide" in how.get_attribute("title")
    shot(page, "tray-empty")

    first = [card["id"] for card in panel.ask_place()["cards"]]
    page.get_by_role("button", name="Add to Visual Spec", exact=True).click()
    tray.get_by_text("8 added.").wait_for()
    held(panel, 8)
    page.evaluate("window.__gapsphere.face([0, 0, -1])")
    second = [card["id"] for card in panel.ask_place()["cards"]]
    fresh = [sample for sample in second if sample not in first]
    assert fresh, "another place has other candidates"
    plus = page.locator('[data-cy="gs-cards"] li').nth(second.index(fresh[0])).locator(GATHER)
    plus.click()
    held(panel, 9)
    assert plus.get_attribute("aria-pressed") == "true"
    shot(page, "tray-full")

    # By keyboard: one stop, arrows inside, Delete takes out; undo and clear.
    page.locator(HELD).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    held(panel, 8)
    panel.wait("() => document.activeElement.dataset.cy === 'gs-held'")
    tray.get_by_role("button", name="Undo").click()
    held(panel, 9)
    tray.get_by_role("button", name="Empty the tray").click()
    held(panel, 0)
    tray.get_by_role("button", name="Undo").click()
    held(panel, 9)

    panel.reload()
    held(panel, 9)
    # A picture in the tray shows where on the sphere it lies.
    page.locator(HELD).last.click()
    assert panel.answer("point")["cards"][0]["id"] == fresh[0]
    own.delete_samples(first[:1])
    panel.reload()
    panel.wait("gone => document.querySelectorAll(gone).length === 1", GONE)
    page.locator(GONE).press("Delete")  # by the keyboard as any other
    held(panel, 8)
    tray.get_by_role("button", name="Undo").click()
    page.wait_for_selector(GONE)
    tray.get_by_role("button", name="Export").click()
    page.wait_for_selector('[data-cy="operators-prompt-modal"] >> text=8 selected samples')
    shot(page, "tray-export")
    # Behind a dialog the panel has no roles: it is hidden from screen readers.
    page.locator("[data-cy=gs-tray] >> text=1 sample deleted since, left out").wait_for()


def test_heatmaps_are_made_beside_the_sphere_and_drawn_over_the_thumbnails(panel, own, shot):
    name_encoder(own)
    panel.open(own)
    page = panel.page
    shown = panel.ask_place()["cards"]
    # One, chosen by a click on its card.
    page.locator(CARD).nth(1).click()
    panel.more("Heatmap")
    page.get_by_text("1 made").wait_for()
    panel.wait("([css, n]) => document.querySelectorAll(css).length === n", [HEAT, 1])
    panel.count(12)  # the answer and the owned images beside it are still in the grid
    # All of them; the one that is there is not made again.
    page.locator(CARD).nth(1).click()
    panel.more("Heatmap")
    page.get_by_text("7 made, 1 already there").wait_for()
    panel.wait("([css, n]) => document.querySelectorAll(css).length === n", [HEAT, 8])
    own.reload()
    assert own.count("heatmap") == 8
    assert set(own.exists("heatmap").values("id")) == {card["id"] for card in shown}
    shot(page, "heatmaps")

    map_ = f"document.querySelector('{HEAT}')"
    painted = f"{map_}.getContext('2d').getImageData(0, 0, 88, 60).data"
    panel.wait(f"() => new Set({painted}).size > 20")  # a map, not an even veil
    page.get_by_role("slider", name="Heatmap opacity").fill("30")
    panel.wait(f"() => getComputedStyle({map_}).opacity === '0.3'")
    page.locator('[data-cy="gs-heat-bar"] label', has_text="Heatmap").click()
    panel.wait("([css, n]) => document.querySelectorAll(css).length === n", [HEAT, 0])
    panel.reload()
    assert panel.state("choices")["heat"] is False
    assert panel.state("choices")["heatOpacity"] == 0.3
