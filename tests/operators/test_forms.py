"""Forms that know the dataset: what they offer, start from, mark, and ask first."""

import threading
from types import SimpleNamespace

import fiftyone as fo
import fiftyone.operators as foo
import gapsphere
import numpy as np
import pytest
from fiftyone import ViewField as F
from fiftyone.operators import types
from gapsphere.operators import OPERATORS
from gapsphere.operators.widgets import _escaped, choose
from gapsphere.plugin.dataset.store import runs
from gapsphere.plugin.dataset.store.names import Names
from gapsphere.plugin.dataset.store.sets.choices import offers
from gapsphere.plugin.settings.sparse import SimulateParams
from gapsphere.plugin.settings.steps import AttributeParams
from gapsphere.tests.support.made_rig import make_rig
from gapsphere.tests.support.operator_forms import PREFIX, choices, form, marked
from gapsphere.tests.support.waiting import PATIENCE, wait_for

EVERY = sorted(each.operator for each in OPERATORS if hasattr(each, "params"))
SETS_ONLY = ["what_it_does", "owned", "pool"]


def foreseen(asked):
    """What the form says at last at its top."""
    return asked["what_it_does"]["view"]["description"].split("\n\n")[-1]


@pytest.fixture(scope="module")
def bare():
    """20 samples, 12 of day and 8 of dusk, in 5 routes; nobody is S or U."""
    rng = np.random.default_rng(2)
    dataset = fo.Dataset()
    dataset.add_samples(
        [
            fo.Sample(
                filepath=f"/made/{n}.png",
                time="day" if n < 12 else "dusk",
                route=f"r{n // 4}",
                wet=n % 2 == 0,
                weather=fo.Classification(label="rain" if n < 3 else "sun"),
                vec=rng.normal(size=8).astype(np.float32),
            )
            for n in range(20)
        ],
        progress=False,
    )
    dataset.save_view("first", dataset[:5])
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def run_before(bare):
    """The same with S and U and a run of its own settings."""
    dataset = bare.clone()
    gapsphere.tag_samples(dataset, {"time": "day"}, dataset)
    gapsphere.find_gaps(
        dataset,
        k=3,
        alpha=0.2,
        metric="euclidean",
        encoder="field",
        model_path="vec",
        n_neighbors=5,
        sequence_field="route",
        progress=False,
    )
    yield dataset
    dataset.delete()


def test_a_dataset_without_s_and_u_is_asked_for_them_and_nothing_else(bare):
    asked = form("find_gaps", bare)
    assert list(asked) == SETS_ONLY
    assert [asked[name]["view"]["label"] for name in SETS_ONLY[1:]] == [
        "Which images do you own?",
        "Which are the candidates?",
    ]
    assert [asked[name]["default"] for name in SETS_ONLY[1:]] == [None, None]
    assert marked(asked) == {
        "owned": "Choose the images you own.",
        "pool": "Choose the candidates.",
    }
    half = form("find_gaps", bare, owned="field:time=day")
    assert (list(half), list(marked(half))) == (SETS_ONLY, ["pool"])
    whole = form("find_gaps", bare, owned="field:time=day", pool="EVERYTHING_ELSE")
    assert {"k", "delta", "target"} < set(whole)
    assert not marked(whole)
    assert choices(whole["target"])["DATASET"] == "The whole dataset: 12 owned, 8 candidates"


def test_tags_views_and_values_are_offered_with_counts(bare):
    view = bare.match(F("time") == "dusk")
    offered = choices(form("compute_coverage", bare, view)["owned"])
    assert offered["CURRENT_VIEW"] == "the current view · 8"
    assert offered["view:first"] == "saved view first · 5"
    assert offered["field:time=day"] == "time = day · 12"
    assert offered["field:weather=rain"] == "weather = rain · 3"
    assert offered['match:{"wet": true}'] == "wet = True · 10"
    assert offered["EVERYTHING_ELSE"] == "everything else"
    bare.match(F("route") == "r0").tag_samples("mine")
    assert choices(form("compute_coverage", bare)["owned"])["mine"] == "tag mine · 4"
    bare.untag_samples("mine")


def test_what_was_offered_is_kept_until_the_dataset_changes(bare):
    first = offers(bare)
    assert offers(bare) is first
    bare.save_view("second", bare[:2])
    assert offers(bare) is not first
    bare.delete_saved_view("second")


def test_values_of_a_large_dataset_are_offered_without_counts(bare, monkeypatch):
    from gapsphere.plugin.dataset.store.sets import choices as module

    monkeypatch.setattr(module, "ALL_COUNTED", 10)
    words = {offer.word: offer.count for offer in offers.__wrapped__(bare).sets}  # nothing kept
    assert words["field:time=day"] is None
    assert words["view:first"] == 5


@pytest.mark.parametrize(
    ("params", "name", "sentence"),
    [
        ({"owned": "nobody"}, "owned", "No image here is 'nobody'"),
        ({"owned": "field:time=noon"}, "owned", "No image here is"),
        ({"pool": "view:nowhere"}, "pool", "no saved view"),
        ({"pool": "S"}, "pool", "12 of these 12 images are in both sets"),
        ({"owned": ""}, "owned", "Choose the images you own"),
        ({"owned": "EVERYTHING_ELSE", "pool": "EVERYTHING_ELSE"}, "owned", "choose one of the two"),
        ({"k": 0}, "k", "greater than or equal to 1"),
        ({"sequence_field": "nope"}, "sequence_field", "no field 'nope'"),
        ({"sequence_field": "vec"}, "sequence_field", "name no drive"),
        ({"encoder": "auto", "model_path": "../no"}, "model_path", "not an absolute path"),
        ({"suffix": "a b", "more_settings": True}, "suffix", "match pattern"),
        ({"suffix": "a b"}, "mistake", "match pattern"),
        ({"roi": "1,2", "more_settings": True}, "roi", "be 4 values with commas"),
    ],
)
def test_a_wrong_value_is_marked_at_its_input(run_before, params, name, sentence):
    assert not marked(form("find_gaps", run_before))
    assert sentence in marked(form("find_gaps", run_before, **params))[name]


@pytest.mark.parametrize("name", ["owned_images", "csv"])
def test_folders_and_tables_are_chosen_in_the_file_browser(bare, tmp_path, name):
    (tmp_path / "one.csv").write_text("filename,split\n")
    asked = form("load_images", bare)[name]
    assert asked["view"]["name"] == "FileExplorerView"
    assert asked["view"]["choose_dir"] == (name != "csv")
    for path, wrong in (("one.csv", False), ("gone", True), ("*.png", False)):
        given = {name: {"absolute_path": str(tmp_path / path)}}
        assert bool(marked(form("load_images", bare, **given))) == wrong
    typed = form("load_images", bare, **{name: str(tmp_path / "gone")})
    assert "There is no file or folder" in marked(typed)[name]


def test_a_chosen_file_is_what_the_operator_reads(dataset, tmp_path):
    from PIL import Image

    Image.new("RGB", (8, 6)).save(tmp_path / "one.png")
    (tmp_path / "all.csv").write_text("filename,split\none.png,S\n")
    params = {"csv": {"absolute_path": str(tmp_path / "all.csv"), "name": "all.csv"}}
    foo.execute_operator(PREFIX + "load_images", dataset=dataset, params=params)
    assert dataset.match_tags("S").count() == 1


def test_a_form_starts_from_the_last_run_and_says_so(run_before):
    asked = form("find_gaps", run_before)
    started = {"k": 3, "alpha": 0.2, "metric": "euclidean", "sequence_field": "route"}
    assert {name: asked[name]["default"] for name in started} == started
    assert asked["n_neighbors"]["default"] == 5  # folded away, were it the default
    said = asked["what_it_does"]["view"]["description"]
    assert "as in the last run" in said
    assert "Number of picks: 3" in said
    assert "default: 100" in asked["k"]["view"]["description"]
    assert form("select_kcenter", run_before)["k"]["default"] == 3
    assert form("find_gaps", run_before, suffix="new")["k"]["default"] == 100


def test_a_form_says_what_a_run_will_do_and_about_how_long_it_takes(run_before):
    field = {"encoder": "field", "model_path": "vec"}
    told = {
        "find_gaps": (
            field,
            "distances of 8 candidates to 12 owned images, 3 picks, 20 images on the sphere, "
            "gap cards.",
        ),
        "compute_coverage": ({}, "distances of 8 candidates to 12 owned images."),
        "select_candidates": ({"k": 8}, "8 picks."),
        "compute_sphere": ({}, "20 images on the sphere."),
        "compute_embeddings": ({"encoder": "auto"}, "Embeddings of all 20 images are there"),
        "compute_attributes": ({}, "20 images to measure."),
    }
    for name, (params, sentence) in told.items():
        said = foreseen(form(name, run_before, **params))
        assert sentence in said, name
        measured = name not in ("compute_embeddings", "compute_attributes")
        assert ("About " in said) == measured, name
        assert ("less where an earlier result still holds" in said) == measured, name
    copied = foreseen(form("find_gaps", run_before, **field))
    assert copied.startswith("Vectors of all 20 images are there already. There are as many images")
    assert "if nothing has changed. About " in copied
    other = foreseen(form("find_gaps", run_before, encoder="field", model_path="theirs"))
    assert "vectors of 20 images to copy" in other
    assert "Filled in as" in foreseen(form("find_gaps", run_before, k=0))  # a value is wrong


def test_a_form_does_not_wait_for_counting(run_before, monkeypatch):
    from gapsphere.operators.estimate import COUNTING, estimate
    from gapsphere.plugin.dataset.gaps import foreseen

    go, count = threading.Event(), foreseen.of_images
    monkeypatch.setattr(foreseen, "of_images", lambda *given: go.wait(PATIENCE) and count(*given))
    ctx = SimpleNamespace(dataset=run_before, view=None)

    def said():
        return estimate(ctx, "compute_attributes", AttributeParams, {}, run_before)

    assert said() == COUNTING
    go.set()
    wait_for(lambda: said() != COUNTING)
    assert "20 images to measure" in said()


def test_an_emptied_setting_is_the_default_not_the_last_runs(run_before):
    assert not marked(form("find_gaps", run_before, k=None, alpha=""))
    foo.execute_operator(PREFIX + "select_kcenter", dataset=run_before, params={"metric": "cosine"})
    assert runs.read(run_before, Names(), "kcenter").params["k"] == 100


def test_the_current_view_becomes_the_samples_that_it_shows(run_before):
    copy = run_before.clone()
    view = copy.match(F("route") == "r4")
    params = {"pool": "CURRENT_VIEW", "sequence_field": "route"}
    foo.execute_operator(PREFIX + "compute_coverage", view=view, params=params)
    record = runs.read(copy, Names(), "coverage")
    assert record.params["pool"].startswith("samples:")
    assert record.inputs["pool_count"] == 4
    asked = form("compute_coverage", copy)  # no view is shown any more
    assert asked["pool"]["default"] == record.params["pool"]
    assert choices(asked["pool"])[record.params["pool"]] == "4 samples, a view of Match"
    copy.delete()


def test_what_nobody_owns_is_everything_else(run_before):
    copy = run_before.clone()
    params = {"owned": "EVERYTHING_ELSE", "pool": "field:route=r4", "sequence_field": "route"}
    foo.execute_operator(PREFIX + "compute_coverage", dataset=copy, params=params)
    assert runs.read(copy, Names(), "coverage").params["owned"] == "not:field:route=r4"
    copy.delete()


def test_names_in_texts_are_not_read_as_markdown():
    assert _escaped("a_*.npz, _b_ and `c_*.npz`, d_e") == r"a\_\*.npz, \_b\_ and `c_*.npz`, d_e"


def texts(asked):
    for name, each in asked.items():
        for part in ("label", "description"):
            yield name, each["view"].get(part) or ""


@pytest.fixture(scope="module")
def kinds(bare, run_before, tmp_path_factory):
    """Datasets of every kind that an operator may be opened on."""
    folder = tmp_path_factory.mktemp("kinds")
    rig, video, empty, points = (fo.Dataset() for _ in range(4))
    make_rig(rig, folder, moments=2)
    video.add_sample(fo.Sample(str(folder / "drive.mp4")))
    points.add_sample(fo.Sample(str(folder / "scan.pcd")))
    yield {
        "empty": empty,
        "bare": bare,
        "run before": run_before,
        "rig": rig,
        "video": video,
        "point clouds": points,
    }
    for made in (rig, video, empty, points):
        made.delete()


@pytest.mark.parametrize("name", EVERY)
def test_every_form_opens_on_every_kind_of_dataset(kinds, name):
    for kind, dataset in kinds.items():
        for params in ({}, {"more_settings": True}):
            asked = form(name, dataset, **params)
            assert asked["what_it_does"]["view"]["description"], kind
            labels = [
                each["view"]["label"]
                for setting, each in asked.items()
                if each["view"].get("label") and not setting.startswith("heading")
            ]
            assert len(labels) == len(set(labels)), (kind, labels)
            for setting, text in texts(asked):
                said = text.replace("(S)", "").replace("(U)", "").replace("`S`", "")
                said = said.replace("(S or U)", "").replace("Called S", "").replace("Called U", "")
                said = said.replace("`U`", "").replace("the tag S", "").replace("the tag U", "")
                assert not {"S", "U"} & set(said.replace(",", " ").split()), (kind, setting, text)


@pytest.mark.parametrize("name", ["find_gaps", "compute_embeddings", "select_candidates"])
def test_what_cannot_be_worked_on_is_said_at_once(kinds, name):
    for kind, sentence in {
        "empty": "has no images yet",
        "video": "holds video samples",
        "point clouds": "holds point-cloud samples",
    }.items():
        asked = form(name, kinds[kind])
        assert "k" not in asked
        assert sentence in marked(asked)["mistake"]


def test_slices_are_offered_with_counts(kinds):
    offered = choices(form("find_gaps", kinds["rig"])["slices"])
    assert offered["all"] == "All 6 slices of images · 36"
    assert offered["front"] == "front · 6"


@pytest.mark.parametrize(
    ("field", "said"), [("scene", "'scene' names drives"), (None, "each group counts as a drive")]
)
def test_a_form_says_what_names_drives_where_no_field_was_chosen(tmp_path, field, said):
    rig = fo.Dataset()
    make_rig(rig, tmp_path, moments=2, scene_field=field)
    asked = form("find_gaps", rig, slices="all", more_settings=True)["sequence_field"]
    assert f"empty: {said}" in asked["view"]["description"]
    rig.delete()


def test_a_choice_starts_from_the_default_where_the_last_one_is_gone():
    params = SimulateParams
    for last, start in (("gone", "default"), ("mine", "mine")):
        inputs = types.Object()
        inputs.str("checkpoint_key", label="Model", description="", default=last)
        choose(inputs, params, "checkpoint_key", ["mine"])
        assert inputs.properties["checkpoint_key"].default == start


def test_many_settings_are_folded_into_their_headings_and_a_few_named(run_before):
    def folded(name):
        return form(name, run_before)["more_settings"]["view"]["description"]

    many = folded("simulate_adaptive_sampling")
    assert many.startswith("Using defaults for: 21 settings (hard frames, where pixels go, ")
    assert "Batch size, Learning rate" in folded("train_sparse_transformer")
    opened = form("simulate_adaptive_sampling", run_before, more_settings=True)
    assert {"warmup_frames", "memory"} <= opened.keys()
    assert not {"name", "epsilon", "sentinel_value"} & opened.keys()


def test_more_settings_come_after_every_question(run_before):
    for name, question, folded in (
        ("load_images", "pool_samples", "num_workers"),
        ("export_gap_cards", "where", "suffix"),
        ("export_visual_spec", "where", "note"),
    ):
        asked = list(form(name, run_before, more_settings=True))
        at = [asked.index(each) for each in (question, "more_settings", folded)]
        assert at == sorted(at), name


def test_a_text_calls_other_settings_by_their_questions(run_before):
    def text(name, setting):
        return form(name, run_before, more_settings=True)[setting]["view"]["description"]

    assert "in the unit of “Metric”" in text("compute_coverage", "delta")
    assert "the field `attributes`" in text("compute_embeddings", "attributes")
