"""Sentences of a verdict: what the panel, Python and the command line say."""

from dataclasses import replace

import pytest
from gapsphere.plugin.coverage.criterion import Threshold
from gapsphere.plugin.projection.verdict import Around, Verdict
from gapsphere.plugin.projection.words import percent, sentences

LEVEL = Threshold(0.3, "level 0.1 over 31 drives", basis="level", drives=31, level=0.1)
FEW = Threshold(
    0.3, "stretches", basis="provisional", drives=2, score="novelty", cutoff=0.5, alpha=0.1
)
NONE = replace(FEW, basis="none")
GAP = Verdict(
    "U",
    "gap",
    LEVEL,
    distance=0.412,
    percentile=99.7,
    novelty=0.6,
    support=0,
    support_drives=0,
    candidates=12,
    looked_at=50,
    trust=0.62,
    trust_k=30,
)
COVERED = replace(GAP, status="covered", distance=0.2, candidates=0, support=200, support_drives=9)
PLACE = Verdict(
    "place",
    "gap",
    LEVEL,
    around=Around(7.3, 6, 2, 0, 2, 3, (0.2, 0.35, 0.5)),
    trust=0.62,
    trust_k=30,
)


def test_a_gap_leads_with_its_level_and_says_that_u_can_fill_it():
    words = sentences(GAP)
    assert (words.tone, words.badge) == ("gap", "GAP")
    assert words.headline == "0.412 from S, 0.112 beyond δ (0.300, level 10 %)"
    assert words.evidence == (
        "Farther than 99.7 % of the images of S are from other drives of S.",
        "No image of S lies within δ.",
    )
    assert words.advice.startswith("U can fill it: 12 of the 50")


def test_a_gap_that_u_cannot_fill_wants_new_recordings():
    assert "wants new recordings" in sentences(replace(GAP, candidates=0)).advice
    assert "U is empty" in sentences(replace(GAP, candidates=0, looked_at=0)).advice


@pytest.mark.parametrize(
    ("images", "drives", "little"),
    [(200, 9, True), (10, 3, True), (200, 2, False), (9, 9, False), (1, 1, False)],
)
def test_more_labels_add_little_only_where_support_is_strong_in_both_counts(images, drives, little):
    words = sentences(replace(COVERED, support=images, support_drives=drives))
    assert words.badge == "Covered"
    assert words.headline == "0.200 from S, 0.100 within δ (0.300, level 10 %)"
    assert ("adds little" in words.advice) == little


def test_support_counts_images_and_drives():
    one = sentences(replace(COVERED, support=1, support_drives=1))
    assert "1 image of S from 1 drive lies within δ." in one.evidence
    assert "200 images of S from 9 drives lie within δ." in sentences(COVERED).evidence


def test_without_named_drives_support_counts_images_alone():
    words = sentences(replace(COVERED, support_drives=None))
    assert "200 images of S lie within δ." in words.evidence
    assert "adds little" in words.advice


def test_a_provisional_gap_says_so_in_badge_headline_and_evidence():
    words = sentences(replace(GAP, threshold=FEW))
    assert (words.tone, words.badge) == ("provisional", "Provisional gap")
    assert words.headline == "novelty 0.600, above 0.500 (stretches of S)"
    assert words.evidence[0] == (
        "New against other stretches of S; 2 drives of S support no verdict below 33 %; "
        "level 10 % needs 9."
    )


@pytest.mark.parametrize("threshold", [FEW, NONE])
def test_what_cannot_be_said_names_the_drives_and_what_helps(threshold):
    words = sentences(replace(GAP, status="cannot say", threshold=threshold))
    assert (words.tone, words.badge) == ("unknown", "Cannot say")
    assert "2 drives of S support no verdict below 33 %; level 10 % needs 9" in words.headline
    assert "give δ" in words.advice
    assert "overed" not in str(words)


def test_a_threshold_of_unknown_level_says_so():
    old = replace(LEVEL, basis="unrated", level=None)
    assert "level unknown" in sentences(replace(GAP, threshold=old)).headline


def test_a_place_has_the_verdict_of_the_images_around_it():
    words = sentences(PLACE)
    assert words.headline == "most images within 7.3° of here are gaps."
    assert words.evidence == (
        "Nearest images: 6 gaps, 2 covered, 2 of S, from 3 drives.",
        "Distances to S from 0.200 to 0.500, median 0.350.",
        "An empty place has no embedding: this is what holds for its neighbours.",
    )
    assert "6 images" in words.advice


def test_where_no_image_lies_nothing_is_measured():
    around = Around(7.3, 0, 0, 0, 0, None, None)
    words = sentences(replace(PLACE, status="empty", around=around))
    assert (words.tone, words.badge) == ("empty", "Nothing here")
    assert words.headline == "no image of S or U lies within 7.3° of here."
    assert words.evidence == ()
    assert words.trust is not None


def test_a_cap_and_a_drive_are_named():
    for kind in ("cap", "drive"):
        assert f"in this {kind}" in sentences(replace(PLACE, kind=kind)).headline


def test_a_drive_leads_with_its_p_value():
    drive = replace(PLACE, kind="drive", p=0.031)
    new = "new against the 31 drives of S at level 10 % (p = 0.031)."
    assert sentences(drive).headline == new
    usual = sentences(replace(drive, status="covered", p=0.4)).headline
    assert usual == "not unusual among the 31 drives of S (p = 0.4, level 10 %)."


def test_an_owned_image_is_measured_against_the_rest_of_s():
    assert "from the rest of S" in sentences(replace(GAP, kind="S")).headline


def test_an_artefact_of_the_projection_is_warned_of():
    levels = [sentences(replace(GAP, trust=trust)).trust.level for trust in (0.9, 0.5, 0.3, 0.1)]
    assert levels == ["supported", "supported", "weak", "artefact"]
    assert "artefact of the projection" in sentences(replace(GAP, trust=0.1)).trust.text
    assert sentences(replace(GAP, trust=None)).trust is None


def test_a_percentile_of_100_is_not_farther_than_itself():
    assert "Farther than any image of S" in sentences(replace(GAP, percentile=100)).evidence[0]
    assert "Nearer than any image of S" in sentences(replace(GAP, percentile=0)).evidence[0]


def test_a_percentage_never_rounds_to_all_or_to_nothing():
    shown = [percent(value) for value in (99.97, 99.96, 0.01, 0, 100, 42.4)]
    assert shown == ["99.9 %", "99.9 %", "0.1 %", "0 %", "100 %", "42 %"]


def test_what_is_known_from_elsewhere_joins_the_evidence():
    assert sentences(GAP, ["Darker than S."]).evidence[-1] == "Darker than S."


def test_the_text_is_the_sentences_in_a_row():
    assert str(sentences(replace(COVERED, trust=None))).splitlines() == [
        "Covered: 0.200 from S, 0.100 within δ (0.300, level 10 %)",
        "Farther than 99.7 % of the images of S are from other drives of S.",
        "200 images of S from 9 drives lie within δ.",
        "S covers this well; labelling more here adds little.",
    ]


def test_without_embeddings_the_answer_says_what_it_rests_on_and_claims_no_more():
    rests = "From the sphere's coordinates and the imported distances; there are no embeddings."
    bare = replace(GAP, percentile=None, support=None, candidates=None, trust=None, lacks=rests)
    said = sentences(bare)
    assert said.evidence == (
        f"{rests} Neighbours are in the order of the sphere, without re-ranking, and how far to "
        "trust the sphere here is unknown.",
    )
    assert said.advice == "Whether U holds images that fill it can only be told with embeddings."
    assert sentences(replace(PLACE, lacks=rests)).evidence[0].startswith(rests)
    assert sentences(replace(PLACE, kind="cap", lacks=rests)).evidence[0] == rests
    owned = sentences(replace(bare, kind="S", status="cannot say", distance=None))
    assert owned.headline == "an image of S; how far it is from the rest of S is unknown."
    assert owned.advice == ""
