"""Rounds of a dataset: one for each S, U, δ and encoder, whoever is killed in between."""

import json

import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.rounds import progress, rounds
from gapsphere.plugin.dataset.gaps.rounds.rounds import CardCounts
from gapsphere.plugin.dataset.gaps.vectors.embed import compute_embeddings
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import EmptySetError, InputError
from gapsphere.plugin.settings.steps import CardParams, CoverageParams, EmbeddingParams
from gapsphere.tests.support.killed import killed_at

GIVEN = CoverageParams(delta=0.05)
UNDRAWN = CardParams(card_runs=0)
POINTS = ("begun", "wrote a block", "written", "completed")


@pytest.fixture
def driven(dataset):
    """Thirty samples of ten drives: S is east, four of U are east and eight north."""
    random = np.random.default_rng(7)
    rows = random.normal(0, 0.05, (30, 6))
    rows[:22, 0] += 1
    rows[22:] = np.eye(6)[1] + rows[22:] / 3
    dataset.add_samples(
        [
            fo.Sample(
                filepath=f"/made/{i:02}.png", tags=["S" if i < 18 else "U"], sequence=f"d{i // 3}"
            )
            for i in range(30)
        ],
        progress=False,
    )
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    vectors.write(dataset, "embedding", dataset.values("id"), rows)
    return dataset


def label(dataset, count: int) -> None:
    """Move the farthest candidates into S, as a team does that labelled them."""
    far = dataset.match_tags("U").sort_by("dist_to_S", reverse=True).limit(count)
    ids = far.values("id")
    dataset.select(ids).tag_samples("S")
    dataset.select(ids).untag_samples("U")


def log(dataset):
    return rounds.read(dataset, Names())


def test_a_round_counts_what_was_added_closed_and_left(driven):
    compute_coverage(driven, GIVEN)
    label(driven, 3)
    compute_coverage(driven, GIVEN)
    first, second = log(driven).rounds
    assert (first.gaps, first.owned, first.owned_drives, first.compared) == (8, 18, 6, None)
    assert (second.owned, second.compared, second.delta_moved) == (21, 1, "")
    found = second.changes
    assert (found.owned_added, found.owned_new, found.owned) == (3, 0, 3)
    assert found.closed + found.still == 8
    assert second.gaps == found.still + found.opened
    assert second.drives_added == len({*driven.match_tags("S").values("sequence")}) - 6
    text = str(progress.read(driven))
    assert (
        f"3 owned images added (3 former candidates), with {second.drives_added} new drive" in text
    )
    assert "δ is the same (0.05)." in text


def test_the_same_run_is_the_same_round_and_another_delta_is_none(driven):
    compute_coverage(driven, GIVEN)
    for _ in range(2):
        compute_coverage(driven, GIVEN)
    compute_coverage(driven, CoverageParams(delta=0.05, memory_mb=100))  # written again, as before
    assert len(log(driven).rounds) == 1
    compute_coverage(driven, CoverageParams(delta=0.3))
    assert log(driven).rounds[-1].delta_moved == "δ 0.05 became 0.3, which was given"
    assert "Part of what changed comes from this: δ 0.05 became 0.3" in str(progress.read(driven))


@pytest.mark.crash
@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_leaves_one_round_and_never_two(driven, point):
    compute_coverage(driven, GIVEN)
    label(driven, 3)
    killed_at(f"coverage:{point}", lambda: compute_coverage(driven, GIVEN))
    driven.reload()
    assert len(log(driven).rounds) == (2 if point == "completed" else 1)
    compute_coverage(driven, GIVEN)
    compute_coverage(driven, GIVEN)
    assert [each.number for each in log(driven).rounds] == [1, 2]
    assert log(driven).rounds[1].changes.owned_added == 3

    label(driven, 2)  # killed, and S is another one when the next run starts
    killed_at(f"coverage:{point}", lambda: compute_coverage(driven, GIVEN))
    driven.reload()
    label(driven, 1)
    compute_coverage(driven, GIVEN)
    numbers = [each.owned for each in log(driven).rounds]
    assert numbers == ([18, 21, 23, 24] if point == "completed" else [18, 21, 24])


def test_encoders_are_never_compared(loaded, encoder):
    compute_embeddings(loaded, encoder=encoder)
    compute_coverage(loaded, GIVEN)
    encoder.fingerprint = "colour-2"
    compute_embeddings(loaded, EmbeddingParams(overwrite=True), encoder=encoder)
    compute_coverage(loaded, GIVEN)
    second = log(loaded).rounds[-1]
    assert second.number == 2
    assert second.compared is None
    assert second.changes is None
    assert "encoders are never compared" in str(progress.read(loaded))


def test_rounds_go_with_a_clone_and_end_with_the_dataset(driven):
    compute_coverage(driven, GIVEN)
    clone = driven.clone()
    label(clone, 2)
    compute_coverage(clone, GIVEN)
    assert [each.changes and each.changes.owned_added for each in log(clone).rounds] == [None, 2]
    assert len(log(driven).rounds) == 1
    name = clone.name
    clone.delete()
    again = fo.Dataset(name)
    with pytest.raises(EmptySetError, match="run find_gaps first"):
        progress.read(again)
    again.delete()


def test_old_rounds_are_dropped_and_numbers_go_on(driven, monkeypatch):
    monkeypatch.setattr(rounds, "MOST", 3)
    for delta in (0.01, 0.02, 0.03, 0.04, 0.05):
        compute_coverage(driven, CoverageParams(delta=delta))
    assert [each.number for each in log(driven).rounds] == [3, 4, 5]


def test_images_too_many_to_keep_leave_figures_alone(driven, monkeypatch):
    monkeypatch.setattr(rounds, "LARGEST", 10)
    compute_coverage(driven, GIVEN)
    label(driven, 3)
    compute_coverage(driven, GIVEN)
    second = log(driven).rounds[-1]
    assert (second.compared, second.changes, second.owned) == (1, None, 21)
    assert "the images of that round were not kept" in str(progress.read(driven))


def test_a_run_of_the_users_under_the_key_stops_the_step(driven):
    driven.register_run("gapsphere_rounds", driven.init_run(method="mine"))
    with pytest.raises(InputError, match="a run 'gapsphere_rounds' of its own"):
        compute_coverage(driven, GIVEN)
    assert not driven.has_field("dist_to_S")


def test_cards_are_followed_by_their_images_from_round_to_round(driven):
    compute_coverage(driven, GIVEN)
    summarize_gaps(driven, UNDRAWN)
    first = log(driven)
    assert first.rounds[0].cards == CardCounts(1, 1, 0, 0, 0)
    label(driven, 5)  # of the eight gaps to the north
    compute_coverage(driven, CoverageParams(delta=1e-4))  # so narrow that three stay
    summarize_gaps(driven, UNDRAWN)
    summarize_gaps(driven, UNDRAWN)  # once more changes nothing
    now = log(driven)
    one = next(card for card in now.cards if card.number == 1)
    assert (one.images, one.done, one.state, one.at) == (8, 5, "met", 2)
    assert now.rounds[1].cards.met == 1
    label(driven, 6)
    compute_coverage(driven, CoverageParams(delta=1.0))
    assert next(card for card in log(driven).cards if card.number == 1).state == "closed"
    shown = str(progress.read(driven))
    assert "1 closed" in shown
    assert "gap cards:" in shown
    assert "card 1" not in shown, "`card:1` of a Visual Spec is another number"
    assert [each.cards.closed for each in log(driven).rounds] == [0, 0, 1]


@pytest.mark.crash
@pytest.mark.parametrize("point", ["begun", "written", "completed"])
def test_cards_of_a_killed_run_are_counted_once_or_not(driven, point):
    compute_coverage(driven, GIVEN)
    killed_at(f"cards:{point}", lambda: summarize_gaps(driven, UNDRAWN))
    driven.reload()
    assert log(driven).rounds[0].cards is None
    if point != "completed":
        summarize_gaps(driven, UNDRAWN)
    label(driven, 5)
    compute_coverage(driven, CoverageParams(delta=1e-4))
    assert log(driven).rounds[0].cards == CardCounts(1, 1, 0, 0, 0)
    assert [one.state for one in log(driven).cards] == ["met"]


def test_table_and_json_have_every_round(driven):
    compute_coverage(driven, GIVEN)
    label(driven, 3)
    compute_coverage(driven, GIVEN)
    found = progress.read(driven)
    assert found.table.index.tolist() == [1, 2]
    assert found.table.loc[2, ["owned", "covered", "owned_added"]].tolist() == [
        21,
        found.rounds[1].covered,
        3,
    ]
    assert json.loads(found.json())["rounds"][1]["changes"]["owned"] == 3
