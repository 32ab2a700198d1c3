"""Sentences of a verdict: what the panel, Python and the command line say."""

from dataclasses import replace

import pytest
from gapsphere.plugin.projection.questions import Verdict
from gapsphere.plugin.projection.words import percent, sentences

VERDICT = Verdict(
    estimated=True,
    owned=False,
    distance=0.412,
    percentile=99.7,
    delta=0.3,
    metric="cosine",
    gap=True,
    candidates=12,
    looked_at=50,
    nearest_candidate=0.1,
    trust=0.62,
    trust_k=30,
)
COVERED = replace(VERDICT, gap=False, distance=0.2, candidates=0, estimated=False)


def test_a_gap_says_by_how_much_and_that_u_can_fill_it():
    words = sentences(VERDICT)
    assert words.badge == "GAP"
    assert words.headline == "0.412 from S, 0.112 beyond δ (0.300)"
    assert words.fill.startswith("U can fill it: 12 of the 50")
    assert words.estimated.startswith("Estimated")


def test_a_gap_that_u_cannot_fill_wants_new_recordings():
    assert "wants new recordings" in sentences(replace(VERDICT, candidates=0)).fill
    assert "U is empty" in sentences(replace(VERDICT, candidates=0, looked_at=0)).fill


def test_a_covered_place_says_by_how_much_within_delta():
    words = sentences(COVERED)
    assert words.badge == "Covered"
    assert words.headline == "0.200 from S, 0.100 within δ (0.300)"
    assert "S covers this place" in words.fill
    assert words.estimated is None


@pytest.mark.parametrize(("count", "words"), [(1, "1 candidate of"), (1200, "1,200 candidates of")])
def test_a_covered_place_names_the_candidates_beyond_delta(count, words):
    assert words in sentences(replace(COVERED, candidates=count)).fill


def test_an_owned_image_is_measured_against_the_rest_of_s():
    assert "from the rest of S" in sentences(replace(VERDICT, owned=True)).headline


def test_an_artefact_of_the_projection_is_warned_of():
    levels = [
        sentences(replace(VERDICT, trust=trust)).trust.level for trust in (0.9, 0.5, 0.3, 0.1)
    ]
    assert levels == ["supported", "supported", "weak", "artefact"]
    assert "artefact of the projection" in sentences(replace(VERDICT, trust=0.1)).trust.text
    assert sentences(replace(VERDICT, trust=None)).trust is None


def test_a_percentile_of_100_is_not_farther_than_itself():
    assert "Farther than any image of S" in sentences(replace(VERDICT, percentile=100)).percentile
    assert "Nearer than any image of S" in sentences(replace(VERDICT, percentile=0)).percentile


def test_a_percentage_never_rounds_to_all_or_to_nothing():
    shown = [percent(value) for value in (99.97, 99.96, 0.01, 0, 100, 42.4)]
    assert shown == ["99.9 %", "99.9 %", "0.1 %", "0 %", "100 %", "42 %"]


def test_the_text_is_the_sentences_in_a_row():
    assert str(sentences(replace(COVERED, trust=None))).splitlines() == [
        "Covered: 0.200 from S, 0.100 within δ (0.300)",
        "Farther than 99.7 % of the images of S are from the rest of S.",
        "S covers this place; labelling more here adds little.",
    ]
