"""Groups of near duplicates against all distances in float64."""

import numpy as np
import pytest
from coverage_oracles import distances64, unit
from gapsphere.plugin.coverage.picks import duplicates
from gapsphere.plugin.coverage.picks.duplicates import frame_scale, near_duplicates
from gapsphere.plugin.errors import InputError
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 120), st.sampled_from([0.0, 0.2, 0.6, 2.0]))
def test_groups_are_those_of_the_first_representative_within_the_scale(seed, n, scale):
    random = np.random.default_rng(seed)
    rows = unit(random.standard_normal((n, 3)))[random.integers(0, n, n)]
    _compare(rows, scale)


@pytest.mark.parametrize("scale", [0.02, 0.1, 0.3, 0.8])
def test_bounds_on_blocks_of_frames_leave_out_no_representative(scale):
    random = np.random.default_rng(7)
    places = unit(random.standard_normal((3, 12)))[random.integers(0, 3, 12)]
    steps = 0.03 * random.standard_normal((12, 60, 12)).cumsum(axis=1)
    _compare(unit((places[:, None] + steps).reshape(-1, 12)), scale)


@pytest.mark.parametrize(("step", "copies"), [(0.05, True), (0.3, True), (3.0, False)])
def test_neighbours_are_near_copies_where_drives_are_recorded_and_not_where_they_are_sampled(
    step, copies
):
    random = np.random.default_rng(5)
    steps = step * random.standard_normal((12, 30, 24)).cumsum(axis=1)
    if not copies:  # single pictures of one place: the order says nothing
        steps = random.standard_normal((12, 30, 24))
    rows = unit((random.standard_normal((12, 1, 24)) * 0.5 + 1 + steps).reshape(-1, 24))
    drives = np.repeat(np.arange(12), 30).tolist()
    pairs = [(row, row + 1) for row in range(len(rows) - 1) if drives[row] == drives[row + 1]]
    usual = float(np.median([1 - rows[a].astype(float) @ rows[b] for a, b in pairs]))
    assert frame_scale(rows, drives) == pytest.approx(usual if copies else 0.0, abs=1e-6)
    assert frame_scale(rows, ["one"] * len(rows)) > 0  # nothing to hold it against


def _compare(rows, scale):
    between, heads, group = distances64(rows, rows), [], []
    for row in range(len(rows)):
        near = [at for at, head in enumerate(heads) if between[row, head] <= scale]
        group.append(near[0] if near else len(heads))
        if not near:
            heads.append(row)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_ROWS", 16)
        patch.setattr(duplicates, "BLOCK", 8)
        found = near_duplicates(rows, scale, metric="euclidean")
    assert found.group.tolist() == group
    assert found.representatives.tolist() == heads


def test_a_drive_of_small_steps_is_not_one_group_and_bad_scales_are_refused():
    angle = np.linspace(0, np.pi / 2, 100)
    rows = unit(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    found = near_duplicates(rows, 0.1, metric="euclidean")
    assert len(found.representatives) > 10
    with pytest.raises(InputError, match="scale"):
        near_duplicates(rows, -1.0)
