"""The page of progress: rounds of coverage, and what became of gap cards."""

import re

ROUND = '[data-cy="gs-round"]'
PAGE = '[data-cy="gs-progress"]'


def measure(dataset):
    # FiftyOne is imported where it is used: the tests' own database must be there before it.
    from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
    from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
    from gapsphere.plugin.settings.steps import CardParams, CoverageParams

    compute_coverage(dataset, CoverageParams(delta=0.05))
    return summarize_gaps(dataset, CardParams(card_runs=0))


def label_gaps(dataset, share):
    """Move a share of the gaps into S; how many."""
    gaps = dataset.match({"is_gap": True}).sort_by("dist_to_S").values("id")
    ids = gaps[: int(share * len(gaps))]
    dataset.select(ids).tag_samples("S")
    dataset.select(ids).untag_samples("U")
    return len(ids)


def ask_for_the_first_card(dataset, folder):
    """A Visual Spec of two images, and copies of an image that the dataset has."""
    import fiftyone as fo
    from gapsphere.plugin.dataset.spec.export import export_visual_spec
    from gapsphere.plugin.settings.spec import SpecParams

    params = SpecParams(candidates="card:1", output=str(folder / "card.zip"), quantity=2)
    issued = export_visual_spec(dataset, params)
    first = dataset.match_tags("U").first()
    dataset.add_samples([fo.Sample(first.filepath, embedding=first["embedding"])] * 2)
    return issued


def open_progress(panel):
    panel.radio("Pane", "Progress")
    panel.page.wait_for_selector(PAGE)
    return panel.page.locator(PAGE)


def test_progress_says_what_another_round_closed(own, panel, shot, tmp_path):
    panel.open(own)
    page = open_progress(panel)
    assert "Run find_gaps again after adding images" in page.inner_text()
    assert page.locator(ROUND).count() == 1
    shot(panel.page, "progress_one_round")

    assert measure(own).found
    moved = label_gaps(own, 0.05)
    measure(own)
    issued = ask_for_the_first_card(own, tmp_path)
    panel.reload()
    page = open_progress(panel)
    assert page.locator(ROUND).count() == 3
    newest = page.locator(ROUND).first.inner_text()
    assert "Round 3" in newest
    assert f"{moved} owned images added ({moved} former candidates)" in newest
    assert "δ is the same" in newest
    cards = page.locator('[data-cy="gs-followed"]')
    assert cards.count() > 0
    assert "covered or owned" in cards.first.inner_text()
    specs = page.locator('[data-cy="gs-issued-spec"]')
    assert specs.locator("b").get_attribute("title") == issued.id
    said = re.search(r"(\d+) of 2 images; of 2 images since, (.*)", specs.inner_text())
    assert said.group(1) == "0", "a copy of what is there adds nothing"
    assert sum(map(int, re.findall(r"(\d+) (?:acc|near|off|cov)", said.group(2)))) == 2
    specs.scroll_into_view_if_needed()
    shot(panel.page, "progress_specs")
    page.locator(ROUND).first.scroll_into_view_if_needed()
    shot(panel.page, "progress")
    panel.page.locator('[title="Light mode"], [aria-label="Light mode"]').first.click()
    panel.page.wait_for_selector('[data-cy="gap-explorer"][data-theme="light"]')
    shot(panel.page, "progress_light")
    panel.radio("Pane", "Results")
    panel.page.wait_for_selector('[data-cy="gs-overview"]')
