"""What the panel says of verdicts: their level, provisional ones, the drives of U."""

import pytest
from gapsphere.plugin.settings.steps import CoverageParams

STANDING = '[data-cy="gs-standing"]'
VERDICT = '[data-cy="gs-verdict"]'
EVIDENCE = '[data-cy="gs-evidence"]'
DELTA = '[data-cy="gs-delta"]'
DRIVE = '[data-cy="gs-drive"]'


def measure(dataset, **params):
    # FiftyOne is imported where it is used: the tests' own database must be there before it.
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage

    return compute_coverage(dataset, CoverageParams(reset_delta=True, **params))


@pytest.fixture
def two_drives(own):
    """S is two drives, which support no verdict at level 10 %."""
    own.set_values("sequence", ["ab"[row % 2] for row in range(len(own))])
    return own, measure(own, score="nearest")


APART = [
    "darker than every owned drive",
    *(f"`field_{i}` = a: 0 of 18 owned drives, 1 of 24 candidate drives" for i in range(4)),
]


def name_what_sets_apart(dataset, drive, sentences):
    """Put findings into the record of the run."""
    from gapsphere.plugin.dataset.store import runs
    from gapsphere.plugin.dataset.store.names import Names

    record = runs.read(dataset, Names(), "coverage")
    rows = [dict(row) for row in record.results["drives"]]
    for row in rows:
        if row["drive"] == drive:
            row["findings"] = [{"sentence": sentence} for sentence in sentences]
    results = {**record.results, "drives": rows}
    runs.write(dataset, Names(), runs.Record("coverage", record.params, record.inputs, results))


def move_delta(panel, key="PageDown"):
    panel.page.get_by_role("slider", name="δ").focus()
    panel.page.keyboard.press(key)
    panel.wait_state("s.choices.delta !== null && s.choices.delta !== s.run.delta")


def test_the_level_stands_beside_delta_and_follows_it(opened):
    run = opened.state("run")
    assert run["basis"] == "level"
    assert "level 10 %" in opened.page.inner_text(STANDING)
    assert run["standing"] in opened.page.inner_text(STANDING)
    assert "level 10 %" in opened.page.inner_text(DELTA)
    move_delta(opened)
    opened.wait(
        "(css) => /level (1[1-9]|[2-9]\\d) %/.test(document.querySelector(css).innerText)", DELTA
    )
    assert "by distance alone" in opened.page.inner_text(STANDING)
    opened.page.get_by_role("button", name="Reset to").click()
    opened.wait_state("s.choices.delta === null")


def test_a_pick_within_delta_is_never_called_covered(opened):
    """Green beside "label this next" would be two answers to one question."""
    page = opened.page
    page.get_by_role("textbox", name="δ value").fill("2")
    page.keyboard.press("Enter")
    opened.wait_state("s.choices.delta === 2 && s.gaps === 0")
    page.locator('[data-cy="gs-pick-list"] li button').first.click()
    card = opened.answer("point")["cards"][0]
    assert (card["pick"], card["verdict"]) == (1, "covered")
    assert page.get_attribute(VERDICT, "data-tone") == "plain"
    said = page.inner_text(VERDICT)
    assert said.startswith("Within δ")
    assert "ick 1 of 20" in page.inner_text('[data-cy="gs-results"]')
    assert "overed" not in said
    opened.clear()
    page.get_by_role("button", name="Reset to").click()
    opened.wait_state("s.choices.delta === null")


def test_a_drive_is_lit_shown_in_the_grid_and_acted_on(panel, own, shot):
    name_what_sets_apart(own, "cluster00", APART)
    gone = own.match({"tags": "U", "sequence": "cluster00"})
    panel.open(own)
    page = panel.page
    rows = panel.state("run")["drives"]
    panel.radio("Pane", f"Drives {len(rows)}")
    assert page.locator(DRIVE).count() == len(rows)
    at = [row["drive"] for row in rows].index("cluster00")
    assert rows[at]["frames"] == len(gone)
    assert not rows[at]["owned"]
    listed = page.locator(DRIVE).nth(at).inner_text().lower()
    assert "darker than every owned drive" in listed
    assert "field_1 = a" in listed
    assert "and 2 more" in listed
    shared_at = next(i for i, row in enumerate(rows) if row["owned"])
    assert "also owned" in page.locator(DRIVE).nth(shared_at).inner_text()
    shot(page, "drives")

    # By keyboard: one stop, arrows inside, Enter asks.
    page.locator(DRIVE).first.focus()
    for _ in range(at):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    answer = panel.answer("drive")
    assert (answer["query"]["drive"], answer["total"]) == ("cluster00", len(gone))
    panel.count(len(gone))
    assert panel.state("highlighted") == len(gone)
    assert "among the 18 owned drives (p = " in page.inner_text(VERDICT)
    said = page.inner_text(EVIDENCE)
    assert "Darker than every owned drive." in said
    assert "field_3" not in said
    page.get_by_role("button", name="4 more").click()
    page.wait_for_selector(f"{EVIDENCE} >> text=field_3")
    assert page.locator('[data-cy="gs-results"] h2').inner_text() == "Drive cluster00"
    lit = panel.read(
        "window.__gapsphere.state.answer.cards"
        ".map((card) => window.__gapsphere.project(card.index).visible)"
    )
    assert any(lit), "the sphere has turned to the drive"
    shot(page, "drive")
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("textbox", name="Tag", exact=True).fill("this drive")
    page.get_by_role("button", name="Add tag").click()
    page.wait_for_selector("text=tagged “this drive”")
    assert set(own.match_tags("this drive").values("id")) == set(gone.values("id"))
    panel.radio("Pane", f"Drives {len(rows)}")
    assert page.locator(f"{DRIVE}[aria-current=true]").inner_text().startswith("cluster00")


def test_two_drives_give_provisional_gaps_until_delta_is_moved(panel, two_drives, shot):
    dataset, found = two_drives
    assert 0 < found.gaps < found.candidates
    panel.open(dataset)
    page = panel.page
    assert page.get_attribute(STANDING, "data-basis") == "provisional"
    assert "2 owned drives support no verdict below 33 %" in page.inner_text(STANDING)
    assert panel.state("gaps") == found.gaps
    words = page.inner_text(DELTA)
    assert f"{found.gaps} provisional gap" in words
    assert f"{found.cannot_say:,} cannot say" in words
    page.get_by_text("provisional gap", exact=True).first.wait_for()

    drawn = "(flags) => flags.filter((flag) => flag & 2).length"
    assert panel.read(f"({drawn})([...window.__gapsphere.scene.flags])") == found.gaps
    index = panel.read(
        "(() => { const hook = window.__gapsphere; return [...hook.scene.flags]"
        ".findIndex((flag) => flag & 2); })()"
    )
    page.evaluate(f"window.__gapsphere.face({index})")
    x, y = panel.read(f"(({{x, y}}) => [x, y])(window.__gapsphere.project({index}))")
    page.mouse.click(x, y)
    card = panel.answer("point")["cards"][0]
    assert card["verdict"] == "gap"
    assert page.get_attribute(VERDICT, "data-tone") == "provisional"
    assert page.inner_text(VERDICT).startswith("Provisional gap")
    shot(page, "provisional")

    move_delta(panel)
    page.wait_for_selector(f'{VERDICT}[data-tone="gap"]')
    assert "level" in page.inner_text(DELTA)
    shot(page, "provisional-moved")


def test_without_a_field_that_names_drives_the_list_says_what_to_set(panel, own, shot):
    own.delete_sample_field("sequence")
    measure(own)
    panel.open(own)
    panel.radio("Pane", "Drives")
    panel.page.wait_for_selector('[data-cy="gs-no-drives"] >> text=sequence_field')
    shot(panel.page, "no-drives")
    panel.page.get_by_role("button", name="Find gaps …").click()
    panel.page.wait_for_selector('[data-cy="operators-prompt-modal"]')
