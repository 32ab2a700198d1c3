"""The δ bar: ticks and what they say, the gaps in the grid, and a δ that is used and taken back."""

import re
from collections import Counter

import numpy as np
import pytest
from playwright.sync_api import expect

BAR = '[data-cy="gs-delta"]'
TICK = '[data-cy="gs-delta-tick"]'
TIP = '[data-cy="gs-delta-tip"]'


def owned_within(dataset, delta):
    """Per cent of S that has an image of another drive, and any other image, within δ."""
    rows, drives = dataset.match_tags("S").values(["embedding", "sequence"])
    rows, drives = np.stack(rows).astype(np.float64), np.array(drives)
    apart = 1 - rows @ rows.T
    np.fill_diagonal(apart, np.inf)
    elsewhere = np.where(drives[:, None] == drives, np.inf, apart)
    return [100 * (of.min(axis=1) <= delta).mean() for of in (elsewhere, apart)]


def test_ticks_say_what_a_delta_would_make_gaps_of(panel, shared, shot):
    panel.open(shared)
    page, run = panel.page, panel.state("run")
    ticks = sorted(run["ticks"], key=lambda tick: tick["delta"])
    assert page.locator(TICK).all_inner_texts() == [tick["label"] for tick in ticks]
    at = next(i for i, tick in enumerate(ticks) if tick["name"] == "p90")
    page.locator(TICK).nth(at).hover()
    page.wait_for_selector(f"{TIP} >> text={ticks[at]['gaps']} gaps")
    page.wait_for_selector(f"{TIP} >> text=A tenth of the candidates lie farther")
    # Counted by what colours the points, where that has classes.
    panel.colour("weather")
    page.locator(TICK).nth(at).hover()
    # δ's own tip may still be there, which says so too.
    at_tick = re.compile(rf"^{re.escape(ticks[at]['label'])} .* by weather$")
    expect(page.locator(f"{TIP} p").first).to_have_text(at_tick)
    told = page.inner_text(f"{TIP} b")
    shot(page, "delta-tick")
    beyond = Counter(
        weather
        for weather, far in zip(*shared.values(["weather", "dist_to_S"]), strict=True)
        if far is not None and far > ticks[at]["delta"]
    )
    assert len(beyond) > 1
    assert {value: int(n) for n, value in re.findall(r"(\d+) (\w+)(?:,|$)", told)} == beyond
    # The slider tells of δ, and says which share lies within it.
    page.get_by_role("slider", name="δ").focus()
    page.wait_for_selector(f"{TIP} >> text=δ {run['delta']:.3f}")
    within = page.locator('[data-cy="gs-within"]')
    named = page.locator(f"{TIP} p").last.inner_text()
    for name in ("candidates", "owned, to another drive", "owned, to any other image"):
        assert f" of {name}" in named
    before = [float(text.split()[0]) for text in within.all_inner_texts()]
    # The panel has a hundredth of them at a time.
    assert before[1:] == pytest.approx(owned_within(shared, run["delta"]), abs=1.1)
    page.keyboard.press("PageDown")
    panel.wait_state("s.choices.delta !== null")
    after = [float(text.split()[0]) for text in within.all_inner_texts()]
    assert len(before) == 3
    assert after[1] < before[1], "a smaller δ has fewer owned images within it"
    page.get_by_role("button", name="How to read this").click()
    # A trial click reaches the text only where nothing covers or clips it.
    page.get_by_text("F of the bars below within δ").click(trial=True)
    page.keyboard.press("Escape")


def test_a_delta_is_tried_seen_in_the_grid_used_and_taken_back(panel, own, shot):
    panel.open(own)
    page, run = panel.page, panel.state("run")
    measured = run["delta"]
    tick = max(run["ticks"], key=lambda tick: tick["gaps"])
    assert tick["gaps"] > run["gaps"] > 0
    page.get_by_role("button", name=f"Set δ to {tick['label']}").click()
    panel.wait_state(f"s.gaps === {tick['gaps']} && s.choices.delta === {tick['delta']}")
    page.wait_for_selector(f"text=Only in this view: the run keeps {measured:.3f}")
    assert own.count_values("is_gap")[True] == run["gaps"]

    page.get_by_role("button", name="→ grid").click()
    panel.count(tick["gaps"])
    shot(page, "delta-grid")
    page.locator('[data-cy="btn-clear-view-bar"]').click()
    panel.count(len(own))

    page.get_by_role("button", name="Use this δ").click()
    panel.wait_state(f"s.run.delta === {tick['delta']} && s.choices.delta === null && s.ready")
    assert own.count_values("is_gap")[True] == tick["gaps"]
    assert panel.state("run")["basis"] == "given"
    page.wait_for_selector("text=Only in this view", state="detached")
    shot(page, "delta-used")

    page.get_by_role("button", name="Back to the measured δ").click()
    panel.wait_state(f"s.run.delta === {measured} && s.ready")
    assert own.count_values("is_gap")[True] == run["gaps"]
    assert panel.state("choices")["delta"] is None, "the earlier choice stays forgotten"


def test_where_nothing_is_a_gap_the_bar_offers_what_would_be(panel, own, shot):
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
    from gapsphere.plugin.settings.steps import CoverageParams

    compute_coverage(own, CoverageParams(delta=1.5))
    panel.open(own)
    page = panel.page
    assert "0 gaps: no candidate lies beyond δ" in page.inner_text(BAR)
    shot(page, "delta-none")
    page.locator(BAR).get_by_role("button", name="p90: ").click()
    panel.wait_state("s.gaps > 0 && s.choices.delta !== null")
