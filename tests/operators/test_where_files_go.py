"""What the App may write: new files by name, in one folder; every request may be a stranger's."""

import hashlib
import os
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from gapsphere.plugin.dataset.store import places

PREFIX = "@gapsphere/gap-explorer/"
WRITERS = {
    "export_artifacts": ("folder", "overwrite", "artifacts"),
    "export_reviews": ("folder", "overwrite", "reviews"),
    "export_visual_spec": ("output", "replace_file", "specs"),
    "export_gap_cards": ("output", "replace_file", "cards"),
    "export_budget_curve": ("output", "replace_file", "curves"),
}


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    from gapsphere.plugin.dataset import api
    from gapsphere.tests.support.made_cache import make_cache

    cache = make_cache(tmp_path_factory.mktemp("cache"), 40, dimension=6)
    dataset = fo.Dataset()
    api.import_feature_cache(dataset, str(cache), progress=False)
    dataset.match_tags("S").untag_samples("S")
    for number, sample_id in enumerate(dataset.values("id")):
        dataset.select(sample_id).tag_samples("U" if number % 2 else "S")
    api.compute_coverage(dataset, delta=0.001, progress=False)
    api.summarize_gaps(dataset, progress=False)
    api.select_kcenter(dataset, k=3, progress=False)
    api.compute_sphere(dataset, n_neighbors=5, progress=False)
    yield dataset
    dataset.delete()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(fo.config, "default_dataset_dir", str(tmp_path / "fiftyone"))
    monkeypatch.delenv(places.ROOTS_VARIABLE, raising=False)
    return tmp_path / "fiftyone" / "gapsphere"


@pytest.fixture
def outside(tmp_path):
    """A folder of the user's with files that nothing may change."""
    folder = tmp_path / "mine"
    (folder / "analysis").mkdir(parents=True)
    for name in ("page.html", "guide.zip", "metadata.csv", "analysis/coverage.json"):
        (folder / name).write_text(f"mine: {name}")
    return folder


def state(folder: Path) -> dict[str, str]:
    """Digest of every file and name below a folder."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        )
        for path in sorted(folder.rglob("*"))
    }


def call(operator, dataset, **params):
    return foo.execute_operator(PREFIX + operator, dataset=dataset, params=params)


def schema(operator, dataset, **params):
    context = foo.ExecutionContext({"dataset_name": dataset.name, "params": params})
    return foo.get_operator(PREFIX + operator).resolve_input(context).type.properties


@pytest.mark.parametrize("name", WRITERS)
def test_a_name_is_written_below_the_own_folder_and_never_twice(name, analysed, home):
    kind = WRITERS[name][2]
    call(name, analysed, name="night drives")
    written = state(home / kind)
    assert written
    assert all(path.startswith("night drives") for path in written)
    with pytest.raises(Exception, match="is there already, and the App replaces no file"):
        call(name, analysed, name="night drives")
    assert state(home / kind) == written


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "hostile",
    ["/etc/gapsphere", "../../mine/page.html", "..", ".", "a/b", "a\\b", "nul\0l", "-rf", ".ssh",
     "x" * 300, "~/page.html", "line\nbreak", "%2e%2e/x"],
)  # fmt: skip
def test_a_name_that_could_be_a_path_is_refused(name, analysed, home, outside, hostile):
    before = state(home.parents[1])
    with pytest.raises(Exception, match=r"is not a name for a file|contain|null"):
        call(name, analysed, name=hostile)
    assert state(home.parents[1]) == before


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("target", ["page.html", "guide.zip", ".", "analysis", "new/deep", "new"])
def test_no_path_of_a_request_is_written_to(name, analysed, outside, target):
    path, replace, _ = WRITERS[name]
    before = state(outside)
    for params in ({path: str(outside / target)}, {path: str(outside / target), replace: True}):
        with pytest.raises(Exception, match="takes no"):
            call(name, analysed, name="fine", **params)
    with pytest.raises(Exception, match="takes no"):
        call(name, analysed, name="fine", **{replace: True})
    assert state(outside) == before


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_of_the_users_in_the_own_folder_stays(name, analysed, home, outside):
    kind = WRITERS[name][2]
    (home / kind).mkdir(parents=True)
    (home / kind / "page.html").write_text("mine")
    (home / kind / "page").symlink_to(outside / "nothing here")
    for taken in ("page.html", "page"):
        if kind == "specs" and taken == "page":
            continue  # a spec of that name is page.zip
        with pytest.raises(Exception, match="is there already"):
            call(name, analysed, name=taken, ending=".html")
    assert (home / kind / "page.html").read_text() == "mine"
    assert not (outside / "nothing here").exists()


@pytest.mark.parametrize("name", WRITERS)
def test_a_link_that_leads_out_of_the_own_folder_is_not_followed(name, analysed, home, outside):
    home.mkdir(parents=True)
    (home / WRITERS[name][2]).symlink_to(outside)
    before = state(outside)
    with pytest.raises(Exception, match="through a link, and nothing is written there"):
        call(name, analysed, name="fine")
    assert state(outside) == before


@pytest.mark.parametrize("name", WRITERS)
def test_only_roots_of_the_setting_are_written_to_beside_it(
    name, analysed, tmp_path, outside, monkeypatch
):
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    monkeypatch.setenv(places.ROOTS_VARIABLE, str(allowed))
    call(name, analysed, name="shared", root=str(allowed))
    assert {path.split("/")[0].split(".")[0] for path in state(allowed)} == {"shared"}
    for root in (str(outside), f"{allowed}/../mine", "/", "/etc"):
        with pytest.raises(Exception, match=r"Validation error\. Path: root"):
            call(name, analysed, name="other", root=root)
    monkeypatch.delenv(places.ROOTS_VARIABLE)
    with pytest.raises(Exception, match="The App does not write to"):
        call(name, analysed, name="other", root=str(allowed))
    monkeypatch.setenv(places.ROOTS_VARIABLE, str(allowed))
    assert "root" in schema(name, analysed)
    monkeypatch.setenv(places.ROOTS_VARIABLE, "not/absolute")
    with pytest.raises(Exception, match="is not the absolute path of a folder"):
        call(name, analysed, name="third")


@pytest.mark.parametrize("name", WRITERS)
def test_the_form_asks_for_a_name_and_says_where_that_is(name, analysed, home):
    path, replace, kind = WRITERS[name]
    asked = schema(name, analysed)
    assert {"name", "where"} < set(asked)
    assert not {path, replace, "root"} & set(asked)
    assert str(home / kind) in asked["where"].view.to_json()["description"]
    taken = schema(name, analysed, name="../x")
    assert taken["mistake"].invalid
    assert "where" not in taken
    assert not home.exists()  # looking at a form writes nothing


def test_without_a_name_a_spec_has_its_id_and_a_folder_the_datasets_name(analysed, home):
    call("export_visual_spec", analysed)
    assert [path.name[:3] for path in (home / "specs").iterdir()] == ["GS-"]
    for _ in range(2):
        call("export_artifacts", analysed)
    assert sorted(os.listdir(home / "artifacts")) == [analysed.name, f"{analysed.name}-2"]


@pytest.mark.parametrize("kind", ["sparse_models", "sparse", "cards", "frames"])
def test_folders_that_steps_name_themselves_are_not_written_through_a_link_either(
    kind, dataset, home, outside
):
    home.mkdir(parents=True)
    (home / kind).symlink_to(outside)
    make = {
        "sparse_models": places.sparse_models,
        "sparse": lambda: places.sparse(dataset),
        "cards": lambda: places.cards(dataset),
        "frames": lambda: places.frames(dataset, "drive"),
    }
    with pytest.raises(Exception, match="through a link"):
        make[kind]()


def test_a_datasets_name_is_no_path(home):
    dataset = fo.Dataset("../../../mine")
    try:
        folder = places.frames(dataset, "drive")
        assert folder.resolve().is_relative_to(home / "frames")
        assert ".." not in folder.parts
    finally:
        dataset.delete()


def test_training_anew_deletes_no_file_that_no_training_wrote(dataset, home, tmp_path):
    folder = home / "sparse_models" / "mine"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_text("not by a training")
    rng = np.random.default_rng(3)
    from PIL import Image

    for number in range(30):
        path = tmp_path / f"{number:02d}.png"
        Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)).save(path)
        dataset.add_sample(fo.Sample(str(path), sequence=f"{number // 15}", frame_number=number))
    for overwrite in (False, True):
        with pytest.raises(Exception, match="holds files that no training wrote"):
            call("train_sparse_transformer", dataset, model_name="mine", overwrite=overwrite)
    assert (folder / "weights.safetensors").read_text() == "not by a training"
