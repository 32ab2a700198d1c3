"""Names equal a plain reading of their rules; helper columns never win over conditions."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from gapsphere.plugin.cards.columns import Column, ranges_without, terms_of
from gapsphere.plugin.cards.naming import Name, Namer
from gapsphere.plugin.coverage.named.ranges import own_range
from gapsphere.plugin.errors import DimensionError

VALUES = {"light": ["day", "dusk", "night"], "sky": ["dry", "rain"], "place": ["city", "road"]}


def scene(seed, owned=6, pool=3, noise=0.15):
    """Frames of drives with a usual value of each field, and some frames with another."""
    random = np.random.default_rng(seed)

    def side(prefix, drives):
        labels, rows = [], []
        for drive in range(drives):
            usual = {field: random.choice(of) for field, of in VALUES.items()}
            for _ in range(random.integers(1, 6)):
                labels.append(f"{prefix}{drive}")
                rows.append(
                    {
                        field: str(random.choice(of)) if random.random() < noise else str(value)
                        for (field, value), of in zip(usual.items(), VALUES.values(), strict=True)
                    }
                )
        return labels, rows

    return side("s", owned), side("u", pool)


def columns(ours, theirs):
    return [
        Column(field, [row[field] for row in ours], [row[field] for row in theirs])
        for field in ours[0]
    ]


def share(rows, labels, wanted):
    """Share of rows that have all wanted values, drives alike."""
    by_drive = {}
    for row, label in zip(rows, labels, strict=True):
        by_drive.setdefault(label, []).append(all(row[f] == v for f, v in wanted))
    return float(np.mean([np.mean(one) for one in by_drive.values()]))


def possible(length, rows):
    words = {field: sorted({row[field] for row in rows}) for field in VALUES}
    for fields in combinations(VALUES, length):
        yield from combine(fields, words)


def combine(fields, words):
    if not fields:
        yield ()
        return
    for value in words[fields[0]]:
        for rest in combine(fields[1:], words):
            yield ((fields[0], value), *rest)


def chance(ours, own, theirs, pool, length, seen):
    """Share of exchanges of drives in which some name of the length separates as well."""
    drives = {("S", label): [] for label in own} | {("U", label): [] for label in pool}
    for row, label in zip(ours, own, strict=True):
        drives["S", label].append(row)
    for row, label in zip(theirs, pool, strict=True):
        drives["U", label].append(row)
    count = len(set(pool))
    as_well = 0
    for taken in combinations(drives, count):
        best = -1.0
        for name in possible(length, [*ours, *theirs]):
            shares = {
                drive: np.mean([all(row[f] == v for f, v in name) for row in rows])
                for drive, rows in drives.items()
            }
            inside = np.mean([shares[drive] for drive in taken])
            if inside >= 0.8 - 1e-9:
                rest = np.mean([shares[d] for d in drives if d not in taken])
                best = max(best, inside - rest)
        as_well += best >= seen - 1e-9
    return min(1.0, 3 * as_well / comb(len(drives), count))


def test_places_close_to_one_another_name_cards_by_the_digits_that_tell_them_apart():
    owned, pool = np.linspace(59.911, 59.921, 40), np.full(10, 59.95)
    made = [Column("latitude", owned.tolist(), pool.tolist())]
    drives = [f"s{row % 10}" for row in range(40)]
    found = terms_of(made, drives, ["u"] * 10).terms
    assert [term.value for term in found if term.pool.any()] == ["above 59.92"]


@pytest.mark.parametrize("seed", range(30))
def test_the_name_is_the_shortest_that_separates(seed):
    (own, ours), (pool, theirs) = scene(seed, pool=1 + seed % 2)
    terms = terms_of(columns(ours, theirs), own, pool).terms
    (name,) = Namer.of(terms, own, pool).names([np.arange(len(theirs))])
    usable = {term.field for term in terms}
    shortest = None
    for length in (1, 2, 3):
        lacked = [
            (share(theirs, pool, each) - share(ours, own, each), each)
            for each in possible(length, theirs)
            if {field for field, _ in each} <= usable
            and min(share(theirs, pool, [part]) for part in each) >= 0.8 - 1e-9
            and share(theirs, pool, each) >= 0.8 - 1e-9
            and share(ours, own, each) <= 0.01 + 1e-9
        ]
        if lacked:
            shortest = (length, max(value for value, _ in lacked), [each for _, each in lacked])
            break
    if shortest is None:
        assert not name.values or name.p <= 0.1
        return
    length, best, among = shortest
    said = tuple(tuple(part.strip("`").split("` = ")) for part in name.values)
    assert len(said) == length
    assert sorted(said) in [sorted(each) for each in among]
    assert share(theirs, pool, said) - share(ours, own, said) == pytest.approx(best)
    assert name.owned == sum(all(row[f] == v for f, v in said) for row in ours)
    assert name.here == sum(all(row[f] == v for f, v in said) for row in theirs)
    assert name.here_total == len(theirs)
    assert (name.owned_total, name.owned_drives_total) == (len(ours), len(set(own)))
    if usable == set(VALUES):
        seen = share(theirs, pool, said) - share(ours, own, said)
        assert name.p == pytest.approx(chance(ours, own, theirs, pool, length, seen))


def drives_of(kinds, frames=4):
    labels = [f"{at}" for at in range(len(kinds)) for _ in range(frames)]
    return labels, [value for value in kinds for _ in range(frames)]


def test_under_the_null_a_name_is_rarely_below_the_level():
    random, below = np.random.default_rng(0), 0
    for _ in range(200):
        labels, first = drives_of(random.choice(["a", "b", "c", "d"], 14).tolist())
        second = drives_of(random.choice(["k", "l", "m"], 14).tolist())[1]
        card, rest = slice(0, 8), slice(8, None)
        made = [Column("x", first[rest], first[card]), Column("y", second[rest], second[card])]
        terms = terms_of(made, labels[rest], labels[card]).terms
        (name,) = Namer.of(terms, labels[rest], labels[card]).names([np.arange(8)])
        below += bool(name.values) and name.p <= 0.1
    assert below <= 20 + 2 * np.sqrt(200 * 0.1 * 0.9)


def night_card(**more):
    """20 drives of S by day, 3 of U by night, and columns that help nobody."""
    own, light = drives_of(["day"] * 10 + ["dusk"] * 10)
    pool, dark = drives_of(["night"] * 3 + ["day"])
    found = [Column("light", light, dark)]
    for name, (ours, theirs) in more.items():
        found.insert(0, Column(name, ours, theirs))
    terms = terms_of(found, own, pool)
    return terms, Namer.of(terms.terms, own, pool).names([np.arange(12)])[0]


S, U = 80, 16
HELPERS = {
    "flag": ([0] * S, [1] * 12 + [0] * 4),
    "said": (["no"] * S, ["yes"] * 12 + ["no"] * 4),
    "truth": ([False] * S, [True] * 12 + [False] * 4),
    "side": (["S"] * S, ["U"] * U),
    "constant": ([7] * S, [7] * U),
    "file": ([f"{i}.jpg" for i in range(S)], [f"u{i}.jpg" for i in range(U)]),
    "drive": ([f"s{i // 4}" for i in range(S)], [f"u{i // 4}" for i in range(U)]),
    "number": (list(range(S)), list(range(S, S + U))),
    "clock": ([i / 7 for i in range(S)], [100 + i / 7 for i in range(U)]),
    "seed": ([i // 4 for i in range(S)], [900 + i // 4 for i in range(U)]),
    "empty": ([None] * S, [1] * U),
    "street": ([f"{i % 66}" for i in range(S)], [f"{(i + 40) % 66}" for i in range(U)]),
}


@pytest.mark.parametrize("kind", HELPERS)
def test_a_helper_column_never_wins_over_a_condition(kind):
    _, name = night_card(**{kind: HELPERS[kind]})
    assert name.title == "night"
    assert name.p < 0.01


def test_a_flag_never_set_in_s_is_not_said_beside_a_name_that_tells_more():
    _, name = night_card(flag=HELPERS["flag"], side=HELPERS["side"])
    assert name.title == "night"
    assert name.same == ()


def test_a_flag_names_the_card_where_nothing_else_does():
    own, pool = drives_of(["day"] * 10)[0], drives_of(["day"] * 3)[0]
    flag = Column("snow", [0] * 40, [1] * 12)
    light = Column("light", ["day", "dusk"] * 20, ["day", "dusk"] * 6)
    terms = terms_of([flag, light], own, pool).terms
    (name,) = Namer.of(terms, own, pool).names([np.arange(12)])
    assert name.values == ("`snow` = 1",)
    assert name.title == "snow 1"


def test_why_columns_are_left_out():
    terms, _ = night_card(**HELPERS)
    assert terms.left_out == {
        "constant": "one value",
        "file": "names images or drives",
        "drive": "names images or drives",
        "number": "numbers images",
        "clock": "runs on from drive to drive",
        "seed": "runs on from drive to drive",
        "empty": "no owned image has a value",
        "street": "more than 64 values",
    }


def test_a_number_is_named_by_range_where_the_card_leaves_that_of_s():
    random = np.random.default_rng(4)
    own, pool = drives_of(["x"] * 24)[0], drives_of(["x"] * 2)[0]
    speed = Column("speed", random.uniform(10, 30, 96).tolist(), random.uniform(40, 50, 8).tolist())
    alike = Column("heading", random.uniform(0, 9, 96).tolist(), random.uniform(2, 7, 8).tolist())
    terms = terms_of([alike, speed], own, pool).terms
    (name,) = Namer.of(terms, own, pool).names([np.arange(8)])
    assert name.title == "speed above 30"
    assert name.owned == 0
    assert name.p < 0.05
    (none,) = Namer.of([t for t in terms if t.field != "speed"], own, pool).names([np.arange(8)])
    assert none == Name(here_total=8, owned_total=96, owned_drives_total=24)
    assert none.sentence() == "No metadata sets these images apart from the owned ones."


@pytest.mark.parametrize("seed", range(10))
def test_ranges_without_a_drive_equal_the_range_of_the_others(seed):
    random = np.random.default_rng(seed)
    drive = random.integers(0, 1 + seed, 400)
    values = random.normal(size=400).round(1)
    low, high = ranges_without(values, drive)
    for one in np.unique(drive):
        rest = drive != one if seed else drive == one
        wanted = own_range(values[rest], drive[rest])
        assert set(low[drive == one]) == {wanted.low}
        assert set(high[drive == one]) == {wanted.high}


def test_cards_of_one_name_are_told_apart_by_more_values():
    own = drives_of(["x"] * 8)[0]
    light = ["day"] * 16 + ["night"] * 16
    place = (["city"] * 8 + ["road"] * 8) * 2
    pool = drives_of(["x"] * 3)[0]
    made = [
        Column("light", light, ["day"] * 8 + ["night"] * 4),
        Column("sky", ["dry"] * 32, ["snow"] * 8 + ["snow"] * 3 + ["dry"]),
        Column("place", place, ["city"] * 4 + ["road"] * 8),
    ]
    terms = terms_of(made, own, pool).terms
    cards = [np.arange(4), np.arange(4, 8), np.arange(8, 11)]
    titles = [name.title for name in Namer.of(terms, own, pool).names(cards)]
    assert titles[2] == "night and snow"
    assert len(set(titles)) == 3
    assert set(titles[0].replace(" and", ",").split(", ")) == {"day", "snow", "city"} or (
        titles[0] == "snow and city"
    )


def test_a_rare_value_is_named_only_where_chance_is_excluded():
    own, light = drives_of(["night"] + ["day"] * 19)
    pool, dark = drives_of(["night"] * 2)
    terms = terms_of([Column("light", light, dark)], own, pool).terms
    (rare,) = Namer.of(terms, own, pool).names([np.arange(8)])
    assert (rare.title, rare.owned, rare.owned_drives) == ("night", 4, 1)
    assert rare.lift == pytest.approx(20)
    assert rare.p == pytest.approx(3 * 3 / comb(22, 2))
    few = slice(12, 32)  # 5 drives by day
    own, light = light[0:4] + own[few], light[0:4] + light[few]
    terms = terms_of([Column("light", light, dark)], own, pool).terms
    (none,) = Namer.of(terms, own, pool).names([np.arange(8)])
    assert (none.values, none.usual) == ((), ("night",))


def test_many_drives_are_sampled_with_a_seed():
    own, light = drives_of(["day", "dusk"] * 20, frames=1)
    pool, dark = drives_of(["night"] * 5, frames=1)
    terms = terms_of([Column("light", light, dark)], own, pool).terms
    first, second = (Namer.of(terms, own, pool).names([np.arange(5)])[0] for _ in range(2))
    assert first == second
    assert first.p == pytest.approx(0.003)


def test_a_collection_of_photos_is_named_too():
    count = 3000  # each image is its own drive
    random = np.random.default_rng(0)
    light = ["day", "dusk"] * (count // 2)
    made = [
        Column("file", [f"{i}.jpg" for i in range(count)], [f"u{i}.jpg" for i in range(20)]),
        Column("light", light, ["night"] * 20),
        Column("speed", random.normal(size=count).tolist(), random.normal(size=20).tolist()),
    ]
    terms = terms_of(made, [None] * count, [None] * 20)
    assert terms.left_out == {"file": "names images or drives"}
    (name,) = Namer.of(terms.terms, [None] * count, [None] * 20).names([np.arange(20)])
    assert (name.title, name.owned, name.p) == ("night", 0, pytest.approx(0.003))


def test_a_column_of_another_length_is_refused():
    with pytest.raises(DimensionError, match="light"):
        terms_of([Column("light", ["day"], ["day"])], ["a", "b"], ["u"])


def test_numbers_that_differ_in_their_last_digits_are_two_values():
    started = [1_699_999_999.0, 1_700_000_000.0]
    found = terms_of([Column("started", started * 2, started[:1])], "abcd", "u").terms
    assert {str(term) for term in found} == {f"`started` = {at:.0f}" for at in started}
