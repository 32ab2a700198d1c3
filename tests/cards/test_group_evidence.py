"""The bench tests groups of what no card of gaps holds, by drives."""

import numpy as np
import pytest
from gapsphere.scripts.bench.group_evidence import grouped, p_together

KINDS = 12


def test_the_sampled_p_is_near_the_exact_one(monkeypatch):
    random = np.random.default_rng(3)
    usual, mine = random.normal(size=10), random.normal(1, size=3)
    exact = p_together(usual, mine)
    assert 0 < exact < 1
    monkeypatch.setattr("gapsphere.scripts.bench.group_evidence.EXACT_WAYS", 0)
    assert p_together(usual, mine) == pytest.approx(exact, abs=0.05)


def drives_of(kinds, prefix, apart, random, *, drives=2, frames=5, dimension=64):
    """Unit rows around each kind's own axis, each drive turned away from it by about ``apart``."""
    rows, names = [], []
    for kind in kinds:
        for drive in range(drives):
            off = random.normal(size=dimension)
            centre = np.eye(dimension)[kind] + apart * off / np.linalg.norm(off)
            for _ in range(frames):
                row = centre + 0.02 * random.normal(size=dimension)
                rows.append(row / np.linalg.norm(row))
                names.append(f"{prefix}{kind}-{drive}")
    return np.array(rows, np.float32), names


def test_groups_are_of_what_no_card_of_gaps_holds_and_of_two_drives_or_more():
    random = np.random.default_rng(5)
    owned, own_drives = drives_of(range(KINDS), "S", 0.3, random)
    known, drives = drives_of(range(KINDS), "U", 0.2, random)
    missing, new = drives_of([KINDS], "new", 0.2, random)
    pool, names = np.concatenate([known, missing]), [*drives, *new]
    found = grouped(owned, pool, own_drives, names, 0.1)
    carded = np.concatenate(found.cards)
    assert set(range(len(known), len(pool))) <= set(carded.tolist())
    assert found.groups
    for one in found.groups:
        assert not set(one.rows.tolist()) & set(carded.tolist())
        assert len({names[row] for row in one.rows}) == one.drives > 1
        assert len(one.rows) >= 3
        assert one.p > 0.1
