"""Kinds that S lacks by its metadata equal a plain reading of their definition."""

from itertools import combinations, product
from math import comb

import numpy as np
import pytest
from gapsphere.plugin.cards import shown
from gapsphere.plugin.cards.called import call_cards
from gapsphere.plugin.cards.columns import Column, terms_of
from gapsphere.plugin.cards.group import LEAST
from gapsphere.plugin.cards.lacking import LEAST_DRIVES, MOST_KINDS, kinds_lacking
from gapsphere.plugin.cards.naming import Name, Namer

VALUES = {
    "light": ["day", "dusk", "night"],
    "sky": ["dry", "rain", "fog"],
    "place": ["city", "road"],
}


def table(random, drives, prefix):
    """Frames of drives of one combination each, some with another value; and some without one."""
    labels, rows = [], []
    for drive in range(drives):
        usual = {field: random.choice(of) for field, of in VALUES.items()}
        for _ in range(random.integers(1, 6)):
            labels.append(f"{prefix}{drive}")
            one = {
                f: random.choice(VALUES[f]) if random.random() < 0.1 else v
                for f, v in usual.items()
            }
            rows.append({f: str(v) for f, v in one.items()})
    return labels, rows


def lacking(ours, theirs, own, pool, fields=tuple(VALUES), **more):
    columns = [Column(f, [r[f] for r in ours], [r[f] for r in theirs]) for f in VALUES]
    namer = Namer.of(terms_of(columns, own, pool).terms, own, pool)
    one = np.ones((len(ours), 1), np.float32), np.ones((len(theirs), 1), np.float32)
    return kinds_lacking(namer, fields, *one, np.zeros(len(theirs), bool), **more)


def plain(ours, theirs, pool):
    """Every shortest conjunction that U has in three images of two drives, and S never."""
    found = []
    for length in (1, 2, 3):
        for fields in combinations(VALUES, length):
            for values in product(*(VALUES[field] for field in fields)):
                name = dict(zip(fields, values, strict=True))
                has = [all(row[f] == v for f, v in name.items()) for row in theirs]
                if any(all(row[f] == v for f, v in name.items()) for row in ours):
                    continue
                if any(one.items() <= name.items() for one in found):
                    continue
                seen = {label for label, yes in zip(pool, has, strict=True) if yes}
                if sum(has) >= LEAST and len(seen) >= LEAST_DRIVES:
                    found.append(name)
    return found


@pytest.mark.parametrize("seed", range(30))
def test_kinds_are_shortest_conjunctions_that_u_has_and_s_has_not(seed):
    random = np.random.default_rng(seed)
    own, ours = table(random, 8, "s")
    pool, theirs = table(random, 16, "u")
    wanted = plain(ours, theirs, pool)
    found = lacking(ours, theirs, own, pool)
    taken: set[int] = set()
    said = []
    for kind in found.found:
        name = dict(part.replace("`", "").split(" = ") for part in kind.name.values)
        # Longer than need be only where the shorter one is mostly in kinds before it.
        assert any(one.items() <= name.items() for one in wanted)
        said.append(name)
        has = {at for at, row in enumerate(theirs) if name.items() <= row.items()}
        rows = set(kind.rows.tolist())
        assert rows <= has
        assert len(rows) > len(has) / 2  # of two that overlap the first has them
        assert not rows & taken
        taken |= rows
        assert (kind.name.owned, kind.name.pool) == (0, len(has))
        drives = len({pool[at] for at in has})
        of = len(set(own)) + len(set(pool))
        assert kind.name.p == pytest.approx(comb(of - drives, 8) / comb(of, 8))
        assert kind.drives == len({pool[at] for at in rows}) >= LEAST_DRIVES
    assert found.in_all == len(said) <= MOST_KINDS
    assert not any(one.items() < other.items() for one in said for other in said)
    for name in wanted:
        has = {at for at, row in enumerate(theirs) if name.items() <= row.items()}
        free = has - taken
        few = len(free) < LEAST or len({pool[at] for at in free}) < LEAST_DRIVES
        assert 2 * len(free) <= len(has) or few


def scene():
    """S by day and, in rain, at dusk; U besides by night in rain (two drives) and in snow (one)."""
    ours = [{"light": "day", "sky": "dry", "place": "city"}] * 8
    ours += [{"light": "dusk", "sky": "rain", "place": "road"}] * 8
    ours += [{"light": "night", "sky": "dry", "place": "city"}] * 8
    theirs = [{"light": "night", "sky": "rain", "place": "city"}] * 8
    theirs += [{"light": "day", "sky": "snow", "place": "city"}] * 4
    own = [f"s{at // 4}" for at in range(24)]
    return ours, theirs, own, ["u0"] * 4 + ["u1"] * 4 + ["u2"] * 4


def test_a_kind_needs_two_drives_and_fields_that_show():
    ours, theirs, own, pool = scene()
    (kind,) = lacking(ours, theirs, own, pool).found
    assert (kind.name.title, kind.rows.tolist(), kind.drives) == (
        "night and rain",
        list(range(8)),
        2,
    )
    assert lacking(ours, theirs, own, pool, fields=["light"]).found == ()


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (range(5), ()),  # most of its images lie in the card
        (range(3), ("`light` = night", "`sky` = rain")),  # the card is called so
        (range(3), ("`place` = city", "`sky` = rain")),  # the same images by another name
        (range(3), ("`sky` = rain", "`light` = night", "`place` = city")),
    ],
)
def test_what_a_card_of_gaps_has_or_names_is_left_to_it(rows, values):
    ours, theirs, own, pool = scene()
    cards, names = [np.array(rows)], [Name(values, "a card")]
    assert lacking(ours, theirs, own, pool, cards=cards, names=names).found == ()
    other = [Name(("`sky` = rain",), "rain", owned=8)]  # S has it
    (kind,) = lacking(ours, theirs, own, pool, cards=[np.arange(3)], names=other).found
    assert kind.rows.tolist() == list(range(3, 8))


def test_a_card_that_is_named_by_the_set_leaves_its_kinds_to_the_metadata():
    """That all of U has it, and S never, says nothing of the images that are in no card."""
    ours, theirs, own, pool = scene()
    columns = [Column(f, [r[f] for r in ours], [r[f] for r in theirs]) for f in VALUES]
    columns.append(Column("split", ["S"] * len(ours), ["U"] * len(theirs)))
    namer = Namer.of(terms_of(columns, own, pool).terms, own, pool)
    one, gap = np.ones((24, 1), np.float32), np.zeros(12, bool)
    card, name = [np.arange(8, 12)], [Name(("`split` = U",), "U")]
    (kind,) = kinds_lacking(namer, list(VALUES), one, one[:12], gap, card, name).found
    assert kind.name.title == "night and rain"


def test_owned_images_without_a_value_may_be_of_the_kind():
    ours, theirs, own, pool = scene()
    ours = [*ours[:-4], *({**row, "sky": None} for row in ours[-4:])]
    assert lacking(ours, theirs, own, pool).found == ()
    ours = [{**row, "light": "day", "sky": None} for row in ours[:4]] + ours[4:-4]
    assert len(lacking(ours, theirs, own[:-4], pool).found) == 1


def called(seed, random_columns, real):
    """Kinds of a scene whose metadata has so many columns that mean nothing."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((4, 6))
    sides = []
    for drives, kinds in ((14, 3), (20, 4)):
        kind = random.integers(kinds, size=drives)
        look = centres[kind] + 0.3 * random.standard_normal((drives, 6))
        rows = look.repeat(4, axis=0) + 0.3 * random.standard_normal((4 * drives, 6))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        words = {f"x{at}": random.choice(list("abcdefgh"), drives) for at in range(random_columns)}
        if real:
            words["light"] = np.array(["day", "dusk", "night", "snow"])[kind]
        drive = np.arange(drives).repeat(4)
        sides.append(
            (rows.astype(np.float32), drive, {f: of[drive].tolist() for f, of in words.items()})
        )
    (S, own, ours), (U, pool, theirs) = sides
    terms = terms_of([Column(f, ours[f], theirs[f]) for f in ours], own, pool).terms
    nothing = np.full(len(U), -2)
    return call_cards(S, U, nothing, nothing > 0, own, pool, terms).kinds


@pytest.mark.parametrize("real", [False, True])
def test_columns_that_mean_nothing_make_cards_at_the_level(real, monkeypatch):
    """Each has values that S lacks by chance; in at most a tenth of datasets a card says so."""
    monkeypatch.setattr(shown, "WAYS", 199)
    rounds, false, right = 100, 0, 0
    for seed in range(rounds):
        said = " ".join(" ".join(kind.name.values) for kind in called(seed, 3, real))
        false += "`x" in said
        right += "snow" in said
    assert false <= 0.1 * rounds + 2 * np.sqrt(rounds * 0.1 * 0.9)
    assert right >= (0.8 * rounds if real else 0)
