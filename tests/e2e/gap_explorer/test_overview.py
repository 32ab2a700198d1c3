"""The first screen is the result: what S lacks, what to label next, how sure one may be."""

import pytest

LACK = '[data-cy="gs-lack"]'
PICKS = '[data-cy="gs-picks"]'
PICK = '[data-cy="gs-pick-list"] li'


@pytest.fixture
def carded(own):
    # FiftyOne is imported where it is used: the tests' own database must be there before it.
    from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
    from gapsphere.plugin.settings.steps import CardParams, CoverageParams

    compute_coverage(own, CoverageParams(delta=0.05))
    summarize_gaps(own, CardParams(card_runs=0))
    return own


def test_the_first_screen_says_what_is_missing_and_what_to_label_next(panel, carded, shot):
    """One walk from the first look to a tagged list of picks, a saved view and a tray."""
    from gapsphere.plugin.dataset.gaps.cards.card_records import gap_cards

    cards = gap_cards(carded)
    panel.page.set_viewport_size({"width": 1600, "height": 1000})
    panel.open(carded)
    page = panel.page
    first = page.locator(LACK).first
    first.wait_for()
    # Both are seen at once: the weightiest cards, and below them the first pick.
    seen, pick = (page.locator(css).first.bounding_box() for css in (".gs-results", PICK))
    assert pick["y"] + pick["height"] / 2 < seen["y"] + seen["height"]
    assert cards[0].title.lower() in first.inner_text().lower()
    assert panel.state("answer") is None
    shot(page, "overview")

    # The pointer lights a card, a click keeps it lit and shows it in the grid.
    first.locator("button").first.hover()
    panel.wait_state(f"s.lit === {cards[0].images}")
    first.locator("button").first.click()
    panel.count(cards[0].images)
    assert cards[1].images != cards[0].images
    page.locator(LACK).nth(1).locator("button").first.hover()
    panel.wait_state(f"s.lit === {cards[1].images}")
    page.mouse.move(2, 2)
    panel.wait_state(f"s.lit === {cards[0].images}")
    shot(page, "overview-card")
    first.get_by_role("button", name="Save view").click()
    first.get_by_label("Name of the view").fill("lacking")
    first.get_by_label("Name of the view").press("Enter")
    first.get_by_text("Saved as the view").wait_for()
    first.get_by_role("button", name="Add to Visual Spec").click()
    page.locator('[data-cy="gs-tray-count"]').wait_for()
    carded.reload()
    assert len(carded.load_saved_view("lacking")) == cards[0].images

    # The same click gives the grid back, also where three come in a row.
    first.locator("button").first.click(click_count=3, delay=20)
    panel.count(len(carded))
    assert panel.still().startswith(f"{len(carded):,} sample")
    page.mouse.move(2, 2)
    panel.wait_state("s.lit === 0")

    # The curve sets how many are tagged; undo takes the tag off.
    curve = page.get_by_role("slider", name="Number of picks")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + 0.33 * box["width"], box["y"] + 20)
    page.locator(PICKS).get_by_text("pick 7").wait_for()
    page.mouse.click(box["x"] + 0.33 * box["width"], box["y"] + 20)
    page.get_by_label("Tag of the picks").fill("next")
    page.get_by_role("button", name="Tag 7", exact=True).click()
    page.get_by_text("7 samples tagged “next”.").wait_for()
    ranks = carded.match_tags("next").values("kcenter_rank")
    assert sorted(ranks) == [1, 2, 3, 4, 5, 6, 7]
    shot(page, "overview-picks")
    page.locator(PICKS).get_by_role("button", name="Undo").click()
    page.get_by_text("is off 7 samples again").wait_for()
    assert len(carded.match_tags("next")) == 0

    # A pick asks about itself; closing its answer comes back to the result, with nothing lit.
    rank, picture = (page.locator(PICK).nth(1).locator(css) for css in (".gs-rank", ".gs-thumb"))
    assert rank.inner_text() == "2"
    on, of = rank.bounding_box(), picture.bounding_box()
    assert of["y"] < on["y"] < of["y"] + 10, "the rank lies on its picture, where it is seen"
    page.locator(PICK).nth(1).locator("button").click()
    assert panel.answer("point")["cards"][0]["pick"] == 2
    panel.wait("document.querySelector('[data-cy=\"gs-results\"]').scrollTop === 0")
    panel.wait_state("s.lit === 0")
    panel.clear()
    page.locator(LACK).first.wait_for()


def test_a_kind_that_only_metadata_names_is_a_row_that_says_so(panel, own, shot):
    """Nothing is a gap at this δ; S has no image of one side of the sphere, by name."""
    from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
    from gapsphere.plugin.settings.steps import CardParams, CoverageParams

    drives, rows = own.values(["sequence", "embedding"])
    side = {drive: [] for drive in drives}
    for drive, row in zip(drives, rows, strict=True):
        side[drive].append(row[0])
    light = ["night" if sum(side[drive]) > 0.4 * len(side[drive]) else "day" for drive in drives]
    own.set_values("light", light)
    night = own.match({"light": "night"})
    night.untag_samples("S")
    night.tag_samples("U")
    compute_coverage(own, CoverageParams(delta=2.0))
    (card,) = summarize_gaps(own, CardParams(card_runs=0)).found
    assert (card.title, card.by_metadata, card.gaps) == ("night", True, 0)
    page = panel.open(own).page
    first = page.locator(LACK).first
    first.wait_for()
    said = page.locator('[data-cy="gs-overview"]').inner_text()
    assert "Metadata alone names 1 kind of scene that you own nothing of." in said
    first.locator("button").first.click()
    panel.count(card.images)
    first.get_by_text("night: by the metadata 0 of").wait_for()
    shot(page, "overview-by-metadata")
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector('[data-cy="gap-explorer"][data-theme="light"]')
    shot(page, "overview-by-metadata-light")


def fill(page, label, value):
    """Write into the field of an operator's form that stands under a label."""
    field = page.get_by_text(label, exact=True).locator("xpath=following::input[1]")
    field.fill(str(value))


def test_constraints_of_the_form_bind_the_picks_that_the_panel_shows(panel, own, shot):
    page = panel.open(own).page
    page.locator(PICKS).get_by_text("20 picks, most wanted first").wait_for()
    page.keyboard.press("`")
    page.locator("input:focus").first.wait_for()
    page.keyboard.type("Gapsphere: Select candidates")
    page.get_by_text("Gapsphere: Select candidates", exact=True).last.click()
    page.get_by_text("Most picks of a drive", exact=True).wait_for()
    fill(page, "Number of picks", 12)
    fill(page, "Most picks of a drive", 1)
    fill(page, "Quotas", "weather=fog:..1, weather=rain:9..")
    shot(page, "constraints_form")
    page.get_by_role("button", name="Execute").first.click()
    # Eight drives have rain.
    page.get_by_text("not met: weather=rain: 8 of at least 9 picks").wait_for()
    shot(page, "constraints_result")
    page.get_by_role("button", name="Done").click()
    page.locator(PICKS).get_by_text("12 picks, most wanted first").wait_for()
    page.locator(PICKS).scroll_into_view_if_needed()
    shot(page, "constraints_picks")
    own.reload()
    picks = own.match_tags("kcenter")
    assert max(picks.count_values("sequence").values()) == 1
    assert picks.count_values("weather") == {"fog": 1, "rain": 8, "dry": 3}
    page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    page.wait_for_selector('[data-cy="gap-explorer"][data-theme="light"]')
    shot(page, "constraints_picks_light")


def test_without_cards_the_button_that_makes_them_is_there(opened):
    """The run of the shared dataset has gaps, and no cards were made of them."""
    page = opened.page
    page.locator(PICKS).wait_for()
    overview = page.locator('[data-cy="gs-overview"]')
    assert "run summarize_gaps first" in overview.inner_text()
    overview.get_by_role("button", name="Summarize").click()
    page.wait_for_selector('[data-cy="operators-prompt-modal"]')
    page.keyboard.press("Escape")
