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
    around=Around(7.3, 6, 2, 0, 2, 3, (0.2, 0.35, 0.5), 64.0, 1.2, 3.4),
    trust=0.62,
    trust_k=30,
)


def test_the_evidence_comes_first_and_the_verdict_with_its_level_last():
    words = sentences(GAP, ["`weather` fog: 0 of 406 owned images."])
    assert str(words).splitlines() == [
        "0.412 from the nearest owned image (cosine distance)",
        "Farther than 99.7 % of owned images are from owned images of other drives.",
        "`weather` fog: 0 of 406 owned images.",
        "No owned image lies within δ.",
        "GAP: 0.112 beyond δ (0.300, level 10 %).",
        "Candidates can fill it: 12 of the 50 nearest are gaps and closer to it than any owned "
        "image.",
        "The sphere can be trusted here: 62 % of its 30 neighbours on the sphere are also "
        "neighbours by embedding.",
    ]


def test_distances_too_small_for_three_decimals_do_not_read_as_zero():
    words = sentences(replace(GAP, threshold=replace(LEVEL, delta=0.0001), distance=0.00034))
    assert "0.00034 from the nearest owned image (cosine distance)" in str(words)
    assert "GAP: 0.00024 beyond δ (0.00010, level 10 %)." in str(words)


def test_a_gap_that_candidates_cannot_fill_wants_new_recordings():
    assert "wants new recordings" in sentences(replace(GAP, candidates=0)).advice
    assert "no candidate here" in sentences(replace(GAP, candidates=0, looked_at=0)).advice


@pytest.mark.parametrize(
    ("images", "drives", "little"),
    [(200, 9, True), (10, 3, True), (200, 2, False), (9, 9, False), (1, 1, False)],
)
def test_more_labels_add_little_only_where_support_is_strong_in_both_counts(images, drives, little):
    words = sentences(replace(COVERED, support=images, support_drives=drives))
    assert (words.tone, words.badge) == ("covered", "Covered")
    assert words.headline == "0.100 within δ (0.300, level 10 %)."
    assert ("adds little" in words.advice) == little


def test_more_labels_never_add_little_where_no_owned_image_has_what_is_named():
    snow = "`weather` snow: 0 of 124 owned images."
    words = sentences(COVERED, [snow], unowned=True)
    assert snow in words.evidence
    assert "adds little" not in words.advice
    assert "look at it" in words.advice


def test_support_counts_images_and_drives():
    one = sentences(replace(COVERED, support=1, support_drives=1))
    assert "1 owned image from 1 drive lies within δ." in one.evidence
    assert "200 owned images from 9 drives lie within δ." in sentences(COVERED).evidence


def test_without_named_drives_support_counts_images_alone():
    words = sentences(replace(COVERED, support_drives=None))
    assert "200 owned images lie within δ." in words.evidence
    assert "adds little" in words.advice


@pytest.mark.parametrize("status", ["covered", "cannot say", "gap"])
@pytest.mark.parametrize("threshold", [LEVEL, FEW, NONE, replace(LEVEL, basis="given", drives=2)])
def test_a_pick_is_never_called_covered_nor_not_worth_a_label(status, threshold):
    words = sentences(replace(COVERED, status=status, threshold=threshold, pick=2, picks=50))
    assert "Pick 2 of 50." in words.evidence
    assert words.tone != "covered"
    assert "overed" not in words.badge
    assert "adds little" not in words.advice
    if status != "gap":
        assert words.advice.startswith("Picks are the order in which to label")


def test_within_a_delta_that_too_few_drives_stand_behind_is_not_covered():
    given = replace(LEVEL, basis="given", drives=2, level=0.4)
    words = sentences(replace(COVERED, threshold=given))
    assert (words.tone, words.badge, words.advice) == ("plain", "Within δ", "")
    assert words.headline == (
        "0.100 within δ (0.300, level 40 %). 2 owned drives support no verdict below 33 %; level "
        "10 % needs 9."
    )
    beyond = sentences(replace(GAP, threshold=given)).headline
    assert beyond.endswith("2 owned drives support no verdict below 33 %; level 10 % needs 9.")


def test_a_provisional_gap_says_so_in_badge_and_headline():
    words = sentences(replace(GAP, threshold=FEW))
    assert (words.tone, words.badge) == ("provisional", "Provisional gap")
    assert words.headline == (
        "new against other stretches of the owned drives (novelty 0.600, above 0.500). 2 owned "
        "drives support no verdict below 33 %; level 10 % needs 9."
    )


@pytest.mark.parametrize("threshold", [FEW, NONE])
def test_what_cannot_be_said_names_the_drives_and_what_helps(threshold):
    words = sentences(replace(GAP, status="cannot say", threshold=threshold))
    assert (words.tone, words.badge) == ("unknown", "Cannot say")
    assert "2 owned drives support no verdict below 33 %; level 10 % needs 9" in words.headline
    assert "give δ" in words.advice
    assert "overed" not in str(words)


def test_a_threshold_of_unknown_level_says_so():
    old = replace(LEVEL, basis="unrated", level=None, drives=0)
    assert sentences(replace(GAP, threshold=old)).headline == (
        "0.112 beyond δ (0.300, level unknown)."
    )
    within = sentences(replace(COVERED, threshold=old))
    assert (within.tone, within.badge) == ("plain", "Within δ")


def test_a_place_says_what_is_there_and_has_no_badge():
    words = sentences(PLACE)
    assert (words.tone, words.badge, words.apart) == ("plain", "", "")
    assert words.evidence == (
        "Within 7.3° of here, from 3 drives: 8 candidates and 2 owned images.",
        "The candidates are 0.200 to 0.500 from their nearest owned images, median 0.350 (cosine "
        "distance).",
        "Half of them are farther than 64 % of owned images are from owned images of other drives.",
    )
    assert words.headline == "6 of the 8 candidates are gaps (δ 0.300, level 10 %)."
    assert words.advice == "6 candidates here that you own nothing like: label these."


@pytest.mark.parametrize(
    ("gaps", "pool", "said"),
    [
        (1, 8, "1 of the 8 candidates is a gap"),
        (8, 8, "All 8 candidates are gaps"),
        (0, 8, "0 of the 8 candidates are gaps"),
        (1, 1, "The candidate is a gap"),
        (0, 1, "The candidate is no gap"),
    ],
)
def test_a_place_counts_one_candidate_and_all_of_them_as_a_person_would(gaps, pool, said):
    words = sentences(replace(PLACE, around=replace(PLACE.around, gaps=gaps, covered=pool - gaps)))
    assert words.headline == f"{said} (δ 0.300, level 10 %)."


@pytest.mark.parametrize(
    ("pool", "owned", "said"),
    [
        (0, 2, "Within 7.3° of here: no candidate (the nearest is 9.0° away) and 2 owned images."),
        (8, 0, "Within 7.3° of here: 8 candidates and no owned image (the nearest is 15.2° away)."),
        (
            0,
            0,
            "Nothing lies within 7.3° of here; the nearest candidate is 9.0° away, the nearest "
            "owned image is 15.2° away.",
        ),
    ],
)
def test_a_place_says_what_is_not_there_and_how_far_that_is(pool, owned, said):
    around = Around(7.3, pool, 0, 0, owned, None, None, None, 9.0, 15.2)
    status = "covered" if pool or owned else "empty"
    assert sentences(replace(PLACE, status=status, around=around)).evidence[0] == said


def test_where_no_image_lies_nothing_is_measured():
    around = Around(7.3, 0, 0, 0, 0, None, None)
    words = sentences(replace(PLACE, status="empty", around=around))
    assert (words.tone, words.badge, words.headline) == ("empty", "", "")
    assert words.evidence == ("Nothing lies within 7.3° of here.",)
    assert words.trust is not None


def test_where_all_images_lie_at_one_point_nobody_is_sent_to_record_for_other_places():
    around = Around(0.0, 0, 0, 0, 0, None, None, None, 90.0, 90.0)
    words = sentences(replace(PLACE, status="empty", around=around))
    assert words.advice == (
        "On this sphere images lie exactly on one another: places between them mean nothing."
    )
    assert words.trust is None


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("cap", "In this cap, from 3 drives: 8 candidates and 2 owned images."),
        ("lasso", "In this lasso, from 3 drives: 8 candidates and 2 owned images."),
        ("drive", "8 candidates in this drive."),
    ],
)
def test_what_an_answer_is_about_is_named(kind, said):
    assert sentences(replace(PLACE, kind=kind)).evidence[0] == said


def test_the_text_is_the_sentences_in_a_row():
    assert str(sentences(replace(COVERED, trust=None))).splitlines() == [
        "0.200 from the nearest owned image (cosine distance)",
        "Farther than 99.7 % of owned images are from owned images of other drives.",
        "200 owned images from 9 drives lie within δ.",
        "Covered: 0.100 within δ (0.300, level 10 %).",
        "Well covered; labelling more like it adds little.",
    ]


def test_a_drive_leads_with_its_p_value():
    drive = replace(PLACE, kind="drive", p=0.031)
    new = "new against the 31 owned drives at level 10 % (p = 0.031)."
    assert sentences(drive).headline == new
    usual = sentences(replace(drive, status="covered", p=0.4)).headline
    assert usual == "not unusual among the 31 owned drives (p = 0.4, level 10 %)."


def test_an_owned_image_stands_beside_one_of_another_drive_and_is_no_gap():
    words = sentences(replace(GAP, kind="S", elsewhere=True, support=None))
    assert words.apart == "0.412 from the nearest owned image of another drive (cosine distance)"
    assert (words.tone, words.badge, words.advice) == ("plain", "Owned", "")
    alone = sentences(replace(GAP, kind="S", support=None))
    assert alone.apart == "0.412 from the nearest other owned image (cosine distance)"


def test_an_artefact_of_the_projection_is_warned_of():
    levels = [sentences(replace(GAP, trust=trust)).trust.level for trust in (0.9, 0.5, 0.3, 0.1)]
    assert levels == ["supported", "supported", "weak", "artefact"]
    assert "The sphere misleads here" in sentences(replace(GAP, trust=0.1)).trust.text
    assert sentences(replace(GAP, trust=None)).trust is None


@pytest.mark.parametrize(
    ("percentile", "said"),
    [
        (100, "Farther than any owned image is from owned images of other drives."),
        (85, "Farther than 85 % of owned images are from owned images of other drives."),
        (27, "Nearer than 73 % of owned images are to owned images of other drives."),
        (0, "Nearer than any owned image is to owned images of other drives."),
    ],
)
def test_a_percentile_is_told_from_the_nearer_end(percentile, said):
    assert sentences(replace(GAP, percentile=percentile)).evidence[0] == said


def test_all_distances_of_an_answer_are_told_in_one_unit():
    words = sentences(GAP, metric="euclidean")
    assert words.apart == "0.908 from the nearest owned image (Euclidean distance)"
    assert words.headline == "0.133 beyond δ (0.775, level 10 %)."
    place = sentences(PLACE, metric="euclidean")
    assert "0.632 to 1.000" in place.evidence[1]
    assert "Euclidean" in place.evidence[1]
    assert "δ 0.775" in place.headline
    novel = sentences(replace(GAP, threshold=FEW), metric="euclidean")
    assert "above 0.500" in novel.headline


def test_a_percentage_never_rounds_to_all_or_to_nothing():
    shown = [percent(value) for value in (99.97, 99.96, 0.01, 0, 100, 42.4)]
    assert shown == ["99.9 %", "99.9 %", "0.1 %", "0 %", "100 %", "42 %"]


def test_without_embeddings_the_answer_says_what_it_rests_on_and_claims_no_more():
    rests = "From the sphere's coordinates and the imported distances; there are no embeddings."
    bare = replace(GAP, percentile=None, support=None, candidates=None, trust=None, lacks=rests)
    said = sentences(bare)
    assert said.evidence == (
        f"{rests} Neighbours are in the order of the sphere, without re-ranking, and how far to "
        "trust the sphere here is unknown.",
    )
    assert said.advice == "Whether candidates can fill it can only be told with embeddings."
    assert sentences(replace(PLACE, lacks=rests)).evidence[0].startswith(rests)
    assert sentences(replace(PLACE, kind="cap", lacks=rests)).evidence[0] == rests
    owned = sentences(replace(bare, kind="S", status="cannot say", distance=None))
    assert owned.apart == "How far it is from the nearest other owned image is unknown"
    assert owned.headline == "no distance, no verdict."
    assert owned.advice == ""
