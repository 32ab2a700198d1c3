"""The legend: what it says is what is drawn; its entries hide, and show one thing alone."""

import pytest

CANVAS = '[data-cy="gs-canvas"]'


@pytest.fixture
def entry(opened):
    """``entry("rain")`` is a row of the legend."""

    def found(name):
        return opened.page.locator(".gs-entry", has_text=name).first

    yield found
    opened.colour("dist_to_S")
    opened.wait_state("s.choices.show === 'both' && s.drawn === s.run.total")


def test_a_click_hides_a_class_and_a_double_click_shows_it_alone(opened, shared, entry, shot):
    of = shared.count_values("weather")
    before = opened.page.locator(CANVAS).bounding_box()
    opened.colour("weather")
    entry("rain").click()
    opened.wait_state(f"s.drawn === {len(shared) - of['rain']}")
    assert entry("rain").get_attribute("aria-pressed") == "false"
    shot(opened.page, "panel-legend-hidden")
    entry("fog").dblclick()
    opened.wait_state(f"s.drawn === {of['fog']}")
    entry("fog").dblclick()  # alone already: all again
    opened.wait_state(f"s.drawn === {len(shared)}")
    entry("dry").click(modifiers=["Alt"])
    opened.wait_state(f"s.drawn === {of['dry']}")
    assert entry("rain").inner_text().split()[-1] == f"{of['rain']:,}"
    opened.page.get_by_role("button", name="Reset", exact=True).click()
    opened.wait_state(f"s.drawn === {len(shared)}")
    # A legend with more rows may not move the sphere under the pointer.
    assert opened.page.locator(CANVAS).bounding_box() == before


def test_one_set_alone_changes_the_counts_and_the_legend(opened, shared, entry):
    owned, pool = len(shared.match_tags("S")), len(shared.match_tags("U"))
    foggy = len(shared.match_tags("U").match({"weather": "fog"}))
    opened.colour("weather")
    entry("owned").click()
    opened.wait_state(f"s.choices.show === 'U' && s.drawn === {pool}")
    opened.page.wait_for_selector(f"text={pool:,} candidates")
    assert entry("fog").inner_text().split()[-1] == f"{foggy:,}"
    entry("owned").dblclick()
    opened.wait_state(f"s.choices.show === 'S' && s.drawn === {owned} && s.shown.gaps === 0")
    opened.page.wait_for_selector(f"text={owned:,} owned")
    opened.page.get_by_role("button", name="Reset", exact=True).click()


def test_gaps_and_picks_are_seen_alone(opened, shared, entry):
    gaps, picks = opened.state("shown")["gaps"], len(shared.exists("kcenter_rank"))
    assert gaps > 0
    entry("gap").dblclick()
    opened.wait_state(f"s.drawn === {gaps}")
    entry("pick").dblclick()
    opened.wait_state(f"s.drawn === {picks} && s.marks.ranks === {min(20, picks)}")
    entry("pick").click()
    opened.wait_state("s.marks.ranks === 0")
    entry("pick").click()
    opened.page.get_by_role("button", name="Reset", exact=True).click()


def test_the_list_of_colours_is_searched_and_walked_by_keys(opened, entry, shot):
    page = opened.page
    page.get_by_role("button", name="Colour by").click()
    search = page.get_by_role("combobox", name="Search the colours")
    names = page.get_by_role("option").all_inner_texts()
    assert len(names) == len(set(names))
    assert sum("dist_to_S" in name or "Distance" in name for name in names) == 1
    search.fill("support")
    page.wait_for_function("document.querySelectorAll('[role=option]').length === 2")
    shot(page, "panel-colours")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    opened.wait_state("s.choices.colour === 'support_drives'")
    page.wait_for_selector('[data-cy="gs-ramp"] >> text=Number of drives')
    page.get_by_role("button", name="Colour by").click()
    page.keyboard.press("Escape")
    search.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Colour by"
