"""Gap cards of a dataset: the field, the record and the result tell one story."""

import csv
import json
import re
from collections import Counter
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from fiftyone import ViewField as F
from gapsphere.plugin.cards.vocabulary import PHRASES
from gapsphere.plugin.coverage.picks.duplicates import frame_scale, near_duplicates
from gapsphere.plugin.dataset.gaps.cards import card_phrases
from gapsphere.plugin.dataset.gaps.cards.card_files import export_gap_cards
from gapsphere.plugin.dataset.gaps.cards.card_records import SINGLE_IMAGES, gap_cards
from gapsphere.plugin.dataset.gaps.cards.cards import summarize_gaps
from gapsphere.plugin.dataset.gaps.coverage.coverage import compute_coverage
from gapsphere.plugin.dataset.gaps.images.tagging import tag_samples
from gapsphere.plugin.dataset.gaps.rounds import rounds
from gapsphere.plugin.dataset.spec.candidates import choose
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.vectors import vectors
from gapsphere.plugin.errors import ArtifactError, EmptySetError, InputError, MismatchError
from gapsphere.plugin.settings.spec import SpecParams
from gapsphere.plugin.settings.steps import CardFileParams, CardParams, CoverageParams
from gapsphere.tests.support.copies import copied
from PIL import Image

QUICK = CardParams(card_runs=3)


def rows_near(axis, count, seed):
    """Unit rows around one axis of eight: those of a day drive, axis 0, are nearly one."""
    random = np.random.default_rng(seed)
    centre = np.eye(8)[axis] + (0.0 if axis else 0.05) * random.normal(size=8)
    rows = centre + (0.01 if axis else 0.002) * random.normal(size=(count, 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def add(dataset, tag, light, axis, drive, count, seed, **fields):
    about = {"tags": [tag], "sequence": drive, "light": light, **fields}
    samples = [fo.Sample(filepath=f"/made/{tag}{drive}{i}.png", **about) for i in range(count)]
    ids = dataset.add_samples(samples, progress=False)
    vectors.write(dataset, "embedding", ids, rows_near(axis, count, seed))


def build(dataset):
    """Twelve day drives of S; U has two night drives, a snow drive, a day drive and one stray."""
    for drive in range(12):
        add(dataset, "S", "day", 0, f"s{drive}", 5, drive)
    add(dataset, "U", "day", 0, "u-day", 5, 50)
    add(dataset, "U", "night", 1, "u-night1", 4, 51)
    add(dataset, "U", "night", 1, "u-night2", 4, 52)
    add(dataset, "U", "snow", 2, "u-snow", 3, 53)
    add(dataset, "U", "fog", 3, "u-fog", 1, 54)
    return dataset


@pytest.fixture(scope="module")
def once_covered():
    """The dataset with coverage; tests take a copy."""
    made = build(fo.Dataset())
    compute_coverage(made)
    yield made
    made.delete()


@pytest.fixture(scope="module")
def summarized(once_covered):
    """The dataset with coverage and cards, for tests that change nothing."""
    made = once_covered.clone()
    yield made, summarize_gaps(made, QUICK)
    made.delete()


@pytest.fixture
def covered(once_covered):
    yield from copied(once_covered)


def test_cards_are_named_counted_and_stored(summarized):
    dataset, result = summarized
    night, snow = result.found
    assert (night.key, night.images, night.drives) == ("night", 8, 2)
    assert (snow.key, snow.images, snow.drives) == ("snow", 3, 1)
    assert (result.gaps, result.count, result.single) == (12, 2, 1)
    assert night.sentences[0].startswith("night: 0 of 60 owned images, 0 of 12 drives; 8 of 8 here")
    assert Counter(dataset.match_tags("U").values("gap_card")) == {
        None: 5,
        "night": 8,
        "snow": 3,
        SINGLE_IMAGES: 1,
    }
    assert dataset.match_tags("S").exists("gap_card").values("id") == []
    assert runs.read(dataset, Names(), "cards").results["count"] == 2
    assert str(result).startswith("2 cards of 12 gaps, and 1 single image\n  1. night: 8 images")


def test_a_card_s_samples_are_those_of_its_key(summarized):
    dataset, result = summarized
    for card in gap_cards(dataset):
        view = dataset.match(F("gap_card") == card.key)
        assert len(view) == card.images
        assert set(card.exemplars) <= set(view.values("id"))
        far = view.values("dist_to_S")
        assert card.median == pytest.approx(np.median(far))
        assert card.highest == pytest.approx(max(far))
        nearest = dict(zip(*view.values(["id", "nearest_S"]), strict=True))
        assert [str(nearest[each]) for each in card.exemplars] == card.nearest
    assert gap_cards(dataset) == result.found


def test_the_table_has_a_row_a_card(summarized):
    _, result = summarized
    table = result.cards
    assert table.index.tolist() == ["night", "snow"]
    assert table.loc["night", "drives"] == 2
    assert table.loc["snow", "name"] == "`light` = snow"
    assert {"effect", "support", "failure_rate", "wanted", "held", "runs"} <= set(table.columns)


def test_what_holds_is_not_made_again_until_something_it_says_changes(covered):
    first = summarize_gaps(covered, QUICK)
    again = summarize_gaps(covered, QUICK)
    assert again.reused
    assert again.found == first.found
    night = covered.match(F("light") == "night")
    night.set_values("light", ["dusk"] * 8)
    changed = summarize_gaps(covered, QUICK)
    assert [card.key for card in changed.found] == ["dusk", "snow"]
    assert "night" not in covered.distinct("gap_card")


def test_cards_of_an_earlier_coverage_run_are_not_read(covered):
    summarize_gaps(covered, QUICK)
    compute_coverage(covered, CoverageParams(delta=0.5))
    with pytest.raises(MismatchError, match="earlier coverage run"):
        gap_cards(covered)
    assert summarize_gaps(covered, QUICK).gaps == 12


def test_without_gaps_there_is_nothing_to_read_and_no_card_stays(covered):
    summarize_gaps(covered, QUICK)
    covered.delete_sample_field("light")
    compute_coverage(covered, CoverageParams(delta=2.0))
    found = summarize_gaps(covered, QUICK)
    assert str(found) == "no gaps, so no cards"
    assert found.cards.empty
    assert covered.exists("gap_card").values("id") == []
    assert gap_cards(covered) == []
    assert summarize_gaps(covered, QUICK).reused


def test_without_a_verdict_the_summary_says_so(dataset):
    add(dataset, "S", "day", 0, "one", 5, 1)
    add(dataset, "U", "night", 1, "two", 5, 2)
    compute_coverage(dataset)
    assert str(summarize_gaps(dataset)) == (
        "no gaps, so no cards: S supports no verdict, and no δ was given"
    )


@pytest.mark.parametrize("change", ["new", "drive"])
def test_another_s_or_u_than_coverage_saw_is_refused(covered, change):
    if change == "new":
        add(covered, "U", "night", 1, "late", 2, 60)
    else:
        covered.match_tags("U").limit(1).set_values("sequence", ["u-night1"])
    words = "U" if change == "new" else "field that names drives"
    with pytest.raises(MismatchError, match=f"{words}.* differs from what compute_coverage saw"):
        summarize_gaps(covered, QUICK)


def test_only_what_differs_from_what_coverage_saw_is_named(covered):
    covered.delete_samples(covered.match_tags("U").first())
    said = r"^U \('U'\) differs from what compute_coverage saw"
    with pytest.raises(MismatchError, match=said):
        summarize_gaps(covered, QUICK)
    covered.delete_samples(covered.match_tags("S").first())
    with pytest.raises(MismatchError, match=r"^S \('S'\) and U \('U'\) differ from what"):
        summarize_gaps(covered, QUICK)


def test_coverage_comes_first(dataset):
    build(dataset)
    with pytest.raises(EmptySetError, match="run compute_coverage first"):
        summarize_gaps(dataset)
    with pytest.raises(EmptySetError, match="run summarize_gaps first"):
        gap_cards(dataset)


def test_a_field_of_the_user_s_is_left_alone(covered):
    covered.set_values("gap_card", ["mine"] * len(covered))
    with pytest.raises(InputError, match="'gap_card' of its own"):
        summarize_gaps(covered, QUICK)
    assert set(covered.values("gap_card")) == {"mine"}


def test_reviews_weigh_cards_by_the_failures_beside_them(covered):
    lights = covered.values("light")
    said = ["misclassified" if light == "snow" else "correct" for light in lights]
    covered.set_values("prediction_status", said)
    found = summarize_gaps(covered, CardParams(card_runs=0))
    assert [card.key for card in found.found] == ["snow", "night"]
    assert found.found[0].failure_rate > 2 * found.found[1].failure_rate
    assert "fail nearby" in found.found[0].line()


def test_another_encoder_says_whether_a_card_holds_there(covered):
    """Under the other one, the two night drives are as far apart as night is from snow."""
    ids, drives = covered.values(["id", "sequence"])
    rows = vectors.read(covered, "embedding").matrix.copy()
    far = np.array([drive == "u-night2" for drive in drives])
    rows[far] = rows_near(5, int(far.sum()), 9)
    vectors.write(covered, "embedding_other", ids, rows)
    compute_coverage(covered, CoverageParams(suffix="other"))
    found = {card.key: card for card in summarize_gaps(covered, QUICK).found}
    assert found["night"].encoders == {"other": False}
    assert found["snow"].encoders == {"other": True}


def test_as_many_are_wanted_as_s_has_within_delta_or_the_user_says(covered):
    rows = vectors.read(covered.match_tags("S"), "embedding").matrix
    delta = runs.read(covered, Names(), "coverage").results["delta"]
    scale = frame_scale(rows, covered.match_tags("S").values("sequence"))
    near = 1 - rows.astype(float) @ rows.T.astype(float) <= delta
    counts = [len(near_duplicates(rows[mine], scale).representatives) for mine in near]
    usual = summarize_gaps(covered, CardParams(card_runs=0)).found[0]
    assert usual.wanted == int(np.median(counts)) < np.median(near.sum(axis=1))
    assert usual.short == usual.wanted - 8 > 0
    given = summarize_gaps(covered, CardParams(card_runs=0, card_quantity=5)).found[0]
    assert (given.wanted, given.enough) == (5, True)
    assert given.fill == "The candidates fill it: 8 images of 2 drives, 5 wanted."


def test_two_cards_of_one_name_have_two_keys(covered):
    covered.match(F("light") == "snow").set_values("light", ["night"] * 3)
    assert [card.key for card in summarize_gaps(covered, QUICK).found] == ["night", "night 2"]


def test_the_field_that_s_and_u_were_tagged_by_names_nothing(covered):
    light = covered.values("light")
    split = ["train"] * 60 + ["test" if value == "night" else "val" for value in light[60:]]
    covered.set_values("split", split)
    covered.delete_sample_field("light")
    assert "split" in compute_coverage(covered).asked
    assert summarize_gaps(covered, QUICK).found[0].title == "test"
    tag_samples(covered, "field:split=train", "not:field:split=train")
    assert "split" not in compute_coverage(covered).asked
    found = summarize_gaps(covered, QUICK)
    assert found.left_out["split"] == "says who is S and U"
    assert not any("split" in " ".join(card.sentences) for card in found.found)


def test_a_page_holds_every_card_and_single_image_and_no_address(summarized, tmp_path):
    dataset, result = summarized
    path = tmp_path / "cards.html"
    assert export_gap_cards(dataset, CardFileParams(output=str(path))).cards == 2
    page = path.read_text()
    for card in result.found:
        assert f"<h2>{card.number}. {card.title}</h2>" in page
        assert card.fill in page
    assert not re.findall(r"<p[^>]*>[a-z]", page), "sentences begin as sentences do"
    assert page.count("not readable") == 13  # the images of this test are in no file
    assert "2 cards of 12 gaps, and 1 single image." in page
    alone = dataset.match(F("gap_card") == "single images").first()
    listed = page[page.index("<h2>Single images: gaps in no card</h2>") :]
    assert Path(alone.filepath).name in listed
    assert "http://" not in page
    assert "https://" not in page
    assert "prefers-color-scheme" in page


def test_a_table_and_json_hold_what_the_result_does(summarized, tmp_path):
    dataset, result = summarized
    for ending in (".csv", ".json"):
        export_gap_cards(dataset, CardFileParams(output=str(tmp_path / f"cards{ending}")))
    with (tmp_path / "cards.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["card"] for row in rows] == ["night", "snow"]
    assert [float(row["median"]) for row in rows] == [card.median for card in result.found]
    document = json.loads((tmp_path / "cards.json").read_text())
    assert [card["key"] for card in document["found"]] == ["night", "snow"]


def test_a_name_from_outside_runs_nowhere(covered, tmp_path):
    covered.match(F("light") == "night").set_values("light", ["=cmd|' /c'!<script>"] * 8)
    summarize_gaps(covered, CardParams(card_runs=0))
    for ending in (".csv", ".html"):
        export_gap_cards(covered, CardFileParams(output=str(tmp_path / f"cards{ending}")))
    assert "<script>" not in (tmp_path / "cards.html").read_text()
    with (tmp_path / "cards.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["card"].startswith("'=cmd")


def test_a_file_that_cannot_be_written_is_refused(summarized, tmp_path):
    dataset, _ = summarized
    (tmp_path / "cards.csv").write_text("mine")
    with pytest.raises(ArtifactError, match="there already"):
        export_gap_cards(dataset, CardFileParams(output=str(tmp_path / "cards.csv")))
    with pytest.raises(InputError, match=r"must end in \.html, \.csv, \.json"):
        export_gap_cards(dataset, CardFileParams(output=str(tmp_path / "cards.pdf")))
    with pytest.raises(InputError, match="does not exist"):
        export_gap_cards(dataset, CardFileParams(output=str(tmp_path / "no" / "cards.csv")))
    assert (tmp_path / "cards.csv").read_text() == "mine"


def test_near_duplicates_count_once_and_are_tagged(covered):
    """Two of the night images become copies of a third; a day image of U is no gap to count."""
    night = covered.match(F("light") == "night")
    ids = night.values("id")
    rows = vectors.read(night, "embedding").matrix[[0] * 3]
    vectors.write(covered, "embedding", ids[:3], rows)
    assert "candidates are gaps (10 without near duplicates)" in str(compute_coverage(covered))
    found = summarize_gaps(covered, CardParams(card_runs=0, card_quantity=8))
    assert (found.gaps, found.once) == (12, 10)
    assert (found.found[0].images, found.found[0].once) == (8, 6)
    assert found.found[0].fill.startswith("The candidates have 6 images of 2 drives, 8 wanted")
    assert str(found).startswith("2 cards of 12 gaps (10 without near duplicates), and 1 single")
    assert set(covered.match_tags("gap_duplicate").values("id")) == set(ids[1:3])
    vectors.write(covered, "embedding", ids[:3], rows_near(1, 3, 70))
    compute_coverage(covered)
    summarize_gaps(covered, QUICK)
    assert covered.match_tags("gap_duplicate").values("id") == []


def test_cards_are_the_same_groups_without_any_field_to_name_them(covered):
    named = summarize_gaps(covered, QUICK)
    ids = covered.match_tags("U").values("id")
    before = dict(zip(ids, covered.match_tags("U").values("gap_card"), strict=True))
    covered.delete_sample_field("light")
    unnamed = summarize_gaps(covered, QUICK)
    assert [card.images for card in unnamed.found] == [card.images for card in named.found]
    assert {card.name["title"] for card in unnamed.found} == {""}
    after = dict(zip(ids, covered.match_tags("U").values("gap_card"), strict=True))
    assert len({(before[i], after[i]) for i in ids}) == len(set(before.values()))


def build_blind(dataset):
    """An encoder that tells rain by day from rain at dusk by nothing; S has none of the latter."""
    kinds = [("day", "dry", 0), ("day", "rain", 5), ("dusk", "dry", 4)]
    for tag, drives in (("S", 12), ("U", 9)):
        for drive in range(drives):
            light, sky, axis = kinds[drive % 3]
            add(dataset, tag, light, axis, f"{tag}{drive}", 4, drive, sky=sky)
    add(dataset, "U", "dusk", 5, "u-rain1", 4, 60, sky="rain")
    add(dataset, "U", "dusk", 5, "u-rain2", 4, 61, sky="rain")
    add(dataset, "U", "night", 1, "u-night", 4, 62, sky="dry")
    return dataset


@pytest.fixture
def blind(dataset):
    build_blind(dataset)
    compute_coverage(dataset)
    return dataset


def test_what_s_lacks_by_metadata_is_a_card_without_gaps(blind, tmp_path):
    verdicts = blind.values("gap_verdict")
    found = summarize_gaps(blind, QUICK)
    assert (found.gaps, found.count, found.by_metadata, found.lacking) == (4, 1, 1, 1)
    assert blind.values("gap_verdict") == verdicts
    card = next(each for each in found.found if each.by_metadata)
    assert (card.key, card.images, card.drives, card.gaps) == ("dusk and rain", 8, 2, 0)
    assert (card.runs, card.encoders) == (0, {})
    assert card.sentences[0].startswith("dusk and rain: by the metadata 0 of 48 owned images, 0 of")
    assert "most of the nearest owned images show day and rain" in card.sentences[1]
    head, *lines = str(found).splitlines()
    assert head.startswith("0 cards of 4 gaps")
    assert head.endswith("; metadata alone names 1 more kind of scene that you own none of")
    assert any("none owned by the metadata, 0 gaps among them" in line for line in lines)
    assert len(blind.match(F("gap_card") == card.key)) == 8
    assert found.cards.loc["dusk and rain", "by_metadata"]
    export_gap_cards(blind, CardFileParams(output=str(tmp_path / "cards.html")))
    page = (tmp_path / "cards.html").read_text()
    assert "of them gaps" in page
    assert "by the metadata 0 of 48 owned images" in page
    assert gap_cards(blind) == found.found
    assert summarize_gaps(blind, QUICK).reused


def test_a_card_by_metadata_can_be_asked_for_and_is_not_followed_by_rounds(blind):
    """It has no gaps whose fate could be told: followed, it would be closed at once."""
    card = next(each for each in summarize_gaps(blind, QUICK).found if each.by_metadata)
    params = SpecParams(candidates=f"card:{card.number}")
    asked = choose(blind, blind, params, Names())
    assert (asked.card, len(asked.samples)) == (card, 8)
    log = rounds.read(blind, Names())
    assert log.card_run == runs.read(blind, Names(), "cards").token
    assert log.cards == []


def test_without_gaps_and_without_a_value_only_what_there_is_is_said(blind):
    compute_coverage(blind, CoverageParams(delta=2.0))
    found = summarize_gaps(blind, QUICK)
    lead = "no gaps; metadata alone names 1 kind of scene that you own none of"
    assert str(found).splitlines()[0] == lead
    assert (found.gaps, found.single, found.once) == (0, 0, 0)
    blind.delete_sample_field("sky")
    found = summarize_gaps(blind, QUICK)
    assert str(found) == "no gaps, so no cards"
    assert blind.exists("gap_card").values("id") == []


def test_single_images_of_a_kind_are_in_its_card_and_counted_there(blind):
    """One image of it is a gap by itself: it is in the kind's card, and no single image."""
    one = blind.match((F("light") == "dusk") & (F("sky") == "rain")).limit(1)
    vectors.write(blind, "embedding", one.values("id"), rows_near(7, 1, 3))
    compute_coverage(blind)
    found = summarize_gaps(blind, QUICK)
    card = next(each for each in found.found if each.by_metadata)
    assert (found.gaps, found.single, card.images, card.gaps) == (5, 4, 8, 1)
    assert one.values("gap_card") == [card.key]


class OfColour:
    """An image-text encoder that knows two phrases by the colour of an image."""

    name, dimension = "by colour", len(PHRASES)
    colours = ((0, "night"), (255, "snowfall"))

    @property
    def images(self):
        return self

    def texts(self, prompts):
        assert prompts[0] == f"a photo taken from a car: {PHRASES[0]}"
        return np.eye(len(prompts), dtype=np.float32)

    def prepare(self, image):
        return np.asarray(image.resize((1, 1)), np.float32)

    def embed(self, batch):
        rows = np.full((len(batch), self.dimension), 1e-3, np.float32)
        for grey, phrase in self.colours:
            rows[batch[:, 0, 0, 0] == grey, PHRASES.index(phrase)] = 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_an_image_text_encoder_says_phrases_where_one_is_named(dataset, tmp_path, monkeypatch):
    covered = build(dataset)
    grey = {"night": 0, "snow": 255}
    for sample in covered.iter_samples(autosave=True):
        path = tmp_path / f"{sample.id}.png"
        if sample.light != "fog":
            shade = grey.get(sample.light, 128)
            Image.new("RGB", (4, 4), (shade, shade, shade)).save(path)
        sample.filepath = str(path)
    broken = covered.match(F("light") == "night").first()
    Path(broken.filepath).write_text("no picture")
    compute_coverage(covered)
    monkeypatch.setattr(card_phrases, "load_image_text", lambda path: OfColour())
    weights = tmp_path / "model" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"one")
    told = CardParams(card_runs=0, phrase_model=str(weights.parent))
    night, snow = summarize_gaps(covered, told).found
    said = "an image-text encoder says: {} (AUROC 1.00 against owned images)"
    assert night.sentences[-1] == said.format("night")
    assert snow.sentences[-1] == said.format("snowfall")
    assert summarize_gaps(covered, told).reused
    weights.write_bytes(b"other")
    assert not summarize_gaps(covered, told).reused
    assert summarize_gaps(covered, told).reused
    weights.unlink()
    weights.parent.rmdir()
    assert summarize_gaps(covered, told).reused
    without = summarize_gaps(covered, CardParams(card_runs=0))
    assert not any("encoder says" in " ".join(card.sentences) for card in without.found)


def test_a_model_for_phrases_that_is_not_there_is_said_and_changes_nothing(covered, tmp_path):
    summarize_gaps(covered, QUICK)
    with pytest.raises(InputError, match="neither a folder nor a model id"):
        summarize_gaps(covered, CardParams(card_runs=0, phrase_model=str(tmp_path / "gone")))
    assert [card.key for card in gap_cards(covered)] == ["night", "snow"]
