import io
import json
import os
import stat
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from gapsphere.plugin.errors import ArtifactError, InputError
from gapsphere.plugin.interchange.artifacts import Artifacts, Picks
from gapsphere.plugin.interchange.files import checked as files
from gapsphere.plugin.interchange.files.listed_paths import local_path
from gapsphere.plugin.interchange.outputs import (
    OPTIONAL,
    REQUIRED,
    read_artifacts,
    write_artifacts,
)
from gapsphere.tests.support.made_rows import unit
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps


def analysis(n_S=5, n_U=7, d=4, seed=0):
    rng = np.random.default_rng(seed)
    return Artifacts(
        umap3d_S=rng.normal(size=(n_S, 3)).astype(np.float32),
        umap3d_U=rng.normal(size=(n_U, 3)).astype(np.float32),
        nn_U_to_S=rng.random(n_U),
        coverage={"delta": 0.3, "delta_max": 0.9, "metric": "cosine", "p95": 0.8},
        paths_S=[f"/data/s/{i}.jpg" for i in range(n_S)],
        paths_U=[f"/data/u/{i}.jpg" for i in range(n_U)],
        embed_S=unit(rng.normal(size=(n_S, d))),
        embed_U=unit(rng.normal(size=(n_U, d))),
        kcenter=Picks(np.array([6, 0, 2]), np.array([0.7, 0.5, 0.4])),
    )


@pytest.fixture
def folder(tmp_path):
    """A whole analysis on disk, to be damaged."""
    write_artifacts(tmp_path / "outputs", analysis(), plot_html="<!doctype html>")
    return tmp_path / "outputs"


def assert_same(a, b):
    for name in ("umap3d_S", "umap3d_U", "nn_U_to_S", "embed_S", "embed_U"):
        one, other = getattr(a, name), getattr(b, name)
        assert (one is None) == (other is None)
        if one is not None:
            assert one.dtype == other.dtype
            assert np.array_equal(one, other)
    assert list(a.paths_S) == list(b.paths_S)
    assert list(a.paths_U) == list(b.paths_U)
    assert dict(a.coverage) == dict(b.coverage)
    assert (a.kcenter is None) == (b.kcenter is None)
    if a.kcenter is not None:
        assert np.array_equal(a.kcenter.indices, b.kcenter.indices)
        assert (a.kcenter.radii is None) == (b.kcenter.radii is None)
        assert a.kcenter.radii is None or np.array_equal(a.kcenter.radii, b.kcenter.radii)


finite = st.floats(-1e6, 1e6, width=32)
names = st.text(
    st.characters(exclude_characters="\0", exclude_categories=()), min_size=1, max_size=12
).filter(str.strip)


@st.composite
def analyses(draw):
    n_S, n_U, d = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 5))
    picks = draw(st.none() | st.lists(st.integers(0, n_U - 1), unique=True, max_size=n_U))
    radius = st.floats(0, 2)
    radii = picks is not None and draw(st.booleans())
    embed = {}
    for part, n in (("embed_S", n_S), ("embed_U", n_U)):
        rows = draw(nps.arrays(np.float32, (n, d), elements=st.floats(0.5, 2, width=32)))
        embed[part] = unit(rows) if draw(st.booleans()) else None
    return Artifacts(
        umap3d_S=draw(nps.arrays(np.float32, (n_S, 3), elements=finite)),
        umap3d_U=draw(nps.arrays(np.float32, (n_U, 3), elements=finite)),
        nn_U_to_S=draw(
            nps.arrays(
                draw(st.sampled_from([np.float32, np.float64])),
                n_U,
                elements=st.floats(0, 2, width=32),
            )
        ),
        coverage={"delta": draw(radius)} | ({"note": draw(names)} if draw(st.booleans()) else {}),
        paths_S=draw(st.lists(names, min_size=n_S, max_size=n_S)),
        paths_U=draw(st.lists(names, min_size=n_U, max_size=n_U)),
        **embed,
        kcenter=None
        if picks is None
        else Picks(
            np.array(picks, np.int64),
            np.array([draw(radius) for _ in picks]) if radii else None,
        ),
    )


@given(analyses())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path, artifacts):
    places = np.concatenate([artifacts.umap3d_S, artifacts.umap3d_U])
    assume(len(places) < 3 or (places != places[0]).any())
    write_artifacts(tmp_path, artifacts, overwrite=True)
    again, _ = read_artifacts(tmp_path)
    assert_same(artifacts, again)


def test_folder_holds_the_files_of_the_format(folder):
    assert sorted(os.listdir(folder)) == sorted((*REQUIRED, *OPTIONAL))
    assert json.loads((folder / "kcenter_indices.json").read_text()) == {
        "indices": [6, 0, 2],
        "paths": ["/data/u/6.jpg", "/data/u/0.jpg", "/data/u/2.jpg"],
        "radii": [0.7, 0.5, 0.4],
    }
    assert np.load(folder / "embed_S.npz").files == ["embeddings"]
    assert read_artifacts(folder)[1] == []


def test_six_files_are_enough(folder):
    for name in OPTIONAL:
        (folder / name).unlink()
    (folder / "coverage.json").write_text('{"delta": 0.78}')
    artifacts, warnings = read_artifacts(folder)
    assert artifacts.embed_S is artifacts.kcenter is None
    assert warnings == []
    # A lone delta that is the largest distance is a covering radius, not a threshold.
    (folder / "coverage.json").write_text('{"delta": 2}')
    assert "covering radius" in read_artifacts(folder)[0].threshold().warning


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=f"has no {name}"):
        read_artifacts(folder)


def test_bare_list_other_array_names_and_other_types_are_taken(folder):
    (folder / "kcenter_indices.json").write_text("[3, 1]")
    np.savez_compressed(folder / "embed_U.npz", features=analysis().embed_U.astype(">f8"))
    np.save(folder / "umap3d_S.npy", np.asfortranarray(np.arange(15).reshape(5, 3)))
    np.save(folder / "nn_U_to_S.npy", np.linspace(0, 1, 7)[:, None])
    artifacts, warnings = read_artifacts(folder)
    assert artifacts.kcenter.indices.tolist() == [3, 1]
    assert artifacts.kcenter.radii is None
    assert np.array_equal(artifacts.embed_U, analysis().embed_U)
    assert artifacts.umap3d_S.tolist() == np.arange(15.0).reshape(5, 3).tolist()
    assert artifacts.umap3d_S.flags.c_contiguous
    assert artifacts.nn_U_to_S.shape == (7,)
    assert warnings == []


def test_a_distance_that_rounding_left_below_zero_is_zero(folder):
    given = np.array([-9e-5, -1e-7, 0, 0.1, 0.2, 0.3, 0.4])
    np.save(folder / "nn_U_to_S.npy", given)
    artifacts, _ = read_artifacts(folder)
    assert artifacts.nn_U_to_S.tolist() == [0, 0, 0, 0.1, 0.2, 0.3, 0.4]


def test_odd_but_usable_input_is_said(folder):
    np.savez(folder / "embed_S.npz", embeddings=3 * analysis().embed_S)
    (folder / "embed_U.npz").unlink()
    (folder / "kcenter_indices.json").unlink()
    (folder / "paths_U.json").write_text(json.dumps(["a.jpg"] * 6 + ["/data/s/0.jpg"]))
    artifacts, warnings = read_artifacts(folder)
    assert np.allclose(artifacts.embed_S, analysis().embed_S, atol=1e-6)
    said = " ".join(warnings)
    for words in (
        "5 rows were not of unit length",
        "lists 5 paths more",
        "6 relative",
        "1 image is",
    ):
        assert words in said
    assert "Only embed_S.npz is there" in said


MISFITS = [
    ("umap3d_U.npy", np.zeros((300, 3)), "umap3d_U.npy has 300 rows but paths_U.json lists 7"),
    ("umap3d_S.npy", np.zeros((5, 2)), r"shape \(5, 2\)"),
    ("umap3d_S.npy", np.zeros(15), r"shape \(15,\)"),
    ("umap3d_S.npy", np.full((5, 3), np.inf), "infinite in 5 rows, the first is row 0"),
    ("umap3d_S.npy", np.full((5, 3), 1e300), "infinite"),
    ("umap3d_S.npy", np.array([["a"] * 3] * 5), "not numbers"),
    ("umap3d_S.npy", np.zeros((5, 3), complex), "not numbers"),
    ("umap3d_S.npy", np.zeros(5, [("x", "f4")]), "not numbers"),
    ("nn_U_to_S.npy", np.zeros(6), "has 6 rows"),
    ("nn_U_to_S.npy", np.zeros((7, 2)), r"shape \(7, 2\)"),
    ("nn_U_to_S.npy", np.float32(3), r"shape \(\)"),
    ("nn_U_to_S.npy", np.full(7, -0.5), "similarities"),
    ("nn_U_to_S.npy", np.r_[np.zeros(6), np.nan], "first is row 6"),
]


@pytest.mark.parametrize(("name", "array", "words"), MISFITS)
def test_an_array_that_does_not_fit_is_named(folder, name, array, words):
    np.save(folder / name, array)
    with pytest.raises(ArtifactError, match=words) as caught:
        read_artifacts(folder)
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.eye(5), "b": np.eye(5)}, "holds a, b"),
        ({}, "holds nothing"),
        ({"embeddings": np.zeros((5, 4))}, "row 0 is zero"),
        ({"embeddings": np.eye(5)}, "5 dimensions and embed_U.npz has 4"),
        ({"embeddings": np.eye(4)}, "4 rows but paths_S.json lists 5"),
        ({"embeddings": np.full((5, 4), np.nan)}, "NaN"),
        ({"embeddings": np.zeros((5, 0))}, r"shape \(5, 0\)"),
        ({"embeddings": np.array([{}] * 5, dtype=object)}, "not numbers"),
    ],
)
def test_embeddings_that_do_not_fit_are_named(folder, arrays, words):
    np.savez(folder / "embed_S.npz", **arrays)
    with pytest.raises(ArtifactError, match=words) as caught:
        read_artifacts(folder)
    assert "embed_S.npz" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("coverage.json", "[]", "not a list"),
        ("coverage.json", "3", "not a number"),
        ("coverage.json", "{}", "delta = 'None'"),
        ("coverage.json", '{"delta": -1}', "not negative"),
        ("coverage.json", '{"delta": true}', "delta"),
        ("coverage.json", '{"delta": "0.3"}', "delta"),
        ("coverage.json", '{"delta": 1e999}', "delta"),
        ("coverage.json", '{"delta": ' + "9" * 400 + "}", "delta"),
        ("coverage.json", '{"delta": ' + "9" * 9000 + "}", "cannot be read"),
        ("coverage.json", '{"delta": NaN}', "NaN is not JSON"),
        ("coverage.json", '{"delta": 0.1, "p95": "far"}', "p95 = 'far'"),
        ("coverage.json", '{"delta": 0.1, "p50": -5}', "p50 = '-5'"),
        ("coverage.json", '{"delta": 0.1, "p99": 1e400}', "p99 = 'inf'"),
        ("coverage.json", '{"delta": 0.1, "n_gaps": -5}', "n_gaps = '-5'"),
        ("coverage.json", '{"delta": 0.1, "n_gaps": "many"}', "n_gaps = 'many'"),
        ("coverage.json", '{"delta": 0.1, "delta_max": -5}', "delta_max = '-5'"),
        ("coverage.json", '{"delta": 0.1, "delta_max": null}', "delta_max"),
        ("coverage.json", '{"delta": 0.1, "metric": "l1"}', "metric"),
        ("coverage.json", '{"delta": 0.1, "metric": []}', "metric"),
        ("coverage.json", '{"delta": 0.1, "yardstick": 3}', "yardstick must hold"),
        ("coverage.json", "", "cannot be read as JSON"),
        ("paths_S.json", '{"a": 1}', "not an object"),
        ("paths_S.json", "[1, 2, 3, 4, 5]", "entry 0 is not a path"),
        ("paths_S.json", '["a", "b", " ", "d", "e"]', "entry 2"),
        ("paths_S.json", '["a\\u0000"]', "entry 0"),
        ("paths_S.json", "[]", "lists no image"),
        ("paths_U.json", '["/a.jpg"]', "has 7 rows but paths_U.json lists 1"),
        ("paths_U.json", "[" * 100_000 + "]" * 100_000, "too deeply"),
        ("kcenter_indices.json", "3", "has to be a list"),
        ("kcenter_indices.json", '{"indices": 3}', "has to be a list"),
        ("kcenter_indices.json", "[-1]", "index -1"),
        ("kcenter_indices.json", "[7]", "index 7, but paths_U.json lists 7"),
        ("kcenter_indices.json", "[1, 2, 1]", "index 1 more than once"),
        ("kcenter_indices.json", "[1.0]", "not a row"),
        ("kcenter_indices.json", "[true]", "not a row"),
        ("kcenter_indices.json", "[" + "9" * 30 + "]", "not a row"),
        ("kcenter_indices.json", "[[0]]", "not a row"),
        ("kcenter_indices.json", '{"indices": [0], "radii": [1, 2]}', "2 radii for 1"),
        ("kcenter_indices.json", '{"indices": [0], "radii": ["a"]}', "list of numbers"),
        ("kcenter_indices.json", '{"indices": [0], "radii": [-1]}', "not negative"),
        ("kcenter_indices.json", '{"indices": [0], "radii": [1e999]}', "not negative"),
        ("kcenter_indices.json", '{"indices": [0], "paths": ["x"]}', "different runs"),
        ("kcenter_indices.json", '{"indices": [0], "paths": {"x": 1}}', "different runs"),
    ],
)
def test_json_that_is_not_what_it_claims_is_named(folder, name, text, words):
    (folder / name).write_text(text)
    with pytest.raises(ArtifactError, match=words) as caught:
        read_artifacts(folder)
    assert name in str(caught.value)


def test_json_that_is_not_utf8_is_named(folder):
    (folder / "paths_S.json").write_bytes(b'["\xff\xfe"]')
    with pytest.raises(ArtifactError, match=r"paths_S.json cannot be read"):
        read_artifacts(folder)


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def lying(shape, dtype="<f4"):
    """A header that promises more than follows."""
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + b"\0" * 60


WHOLE = npy(np.zeros((5, 3), np.float32))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an array",
        WHOLE[:5],
        WHOLE[:60],
        WHOLE[:-1],
        WHOLE + b"\0",
        WHOLE.replace(b"'shape': (5, 3)", b"'shape': (9, 9)"),
        WHOLE.replace(b"'shape': (5, 3)", b"'shape': (-5,3"),
        WHOLE.replace(b"'descr': '<f4'", b"'descr': '|O4'"),
        WHOLE.replace(b"\x93NUMPY\x01", b"\x93NUMPY\x07"),
        lying((1 << 40, 3)),
        lying((1 << 62, 1 << 62)),
        lying((-1, 3)),
        npy(np.array([[None] * 3] * 5, dtype=object)),
        npy(np.zeros((5, 3)).astype("M8[s]")),
    ],
)
def test_a_damaged_array_is_refused_without_trying_it(folder, content):
    (folder / "umap3d_S.npy").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"umap3d_S\.npy"):
        read_artifacts(folder)


def test_a_pickle_is_not_run(folder):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(folder / "trapped"),)

    np.save(folder / "umap3d_S.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(ArtifactError, match="pickling"):
        read_artifacts(folder)
    assert not (folder / "trapped").exists()


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_cut_npz_is_refused(folder, keep):
    path = folder / "embed_S.npz"
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(ArtifactError, match=r"embed_S\.npz"):
        read_artifacts(folder)


def test_an_npz_whose_content_is_damaged_or_lies_is_refused(folder):
    path = folder / "embed_S.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("embeddings.npy", lying((1 << 30, 4)))
    with pytest.raises(ArtifactError, match="cut off or damaged"):
        read_artifacts(folder)
    np.savez(path, embeddings=analysis().embed_S)
    content = bytearray(path.read_bytes())
    content[250] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"embed_S\.npz"):
        read_artifacts(folder)


@given(st.integers(0, 10_000), st.integers(0, 255))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_wrong_byte_never_crashes(folder, position, value):
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[position % len(whole)] = value
        path.write_bytes(damaged)
        try:
            read_artifacts(folder)
        except ArtifactError:
            pass
        finally:
            path.write_bytes(whole)


def test_a_full_folder_is_kept_unless_overwriting_is_allowed(folder):
    before = (folder / "umap3d_S.npy").read_bytes()
    with pytest.raises(ArtifactError, match="already"):
        write_artifacts(folder, analysis(seed=1))
    assert (folder / "umap3d_S.npy").read_bytes() == before


def test_overwriting_leaves_no_part_of_the_earlier_analysis(folder):
    small = replace(analysis(seed=1), embed_S=None, embed_U=None, kcenter=None)
    written = write_artifacts(folder, small, overwrite=True)
    assert sorted(os.listdir(folder)) == sorted(REQUIRED)
    assert sorted(path.name for path in written) == sorted(REQUIRED)
    assert_same(read_artifacts(folder)[0], small)


def test_a_write_that_fails_half_way_leaves_no_half_file_and_no_whole_analysis(folder, monkeypatch):
    """The disk fills up at the third file."""
    calls = []

    def full(handle):
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    before = (folder / "nn_U_to_S.npy").read_bytes()
    with pytest.raises(ArtifactError, match="No space left on device"):
        write_artifacts(folder, analysis(seed=1), overwrite=True)
    assert (folder / "nn_U_to_S.npy").read_bytes() == before
    assert not [name for name in os.listdir(folder) if name.startswith(".")]
    with pytest.raises(ArtifactError, match=r"has no coverage\.json"):
        read_artifacts(folder)


def test_artifacts_that_do_not_fit_are_never_written(tmp_path):
    with pytest.raises(ArtifactError, match="lists 6"):
        write_artifacts(tmp_path / "new", replace(analysis(), paths_U=["/a"] * 6))
    assert not (tmp_path / "new").exists()
    nan = replace(analysis(), coverage={"delta": 0.1, "other": float("nan")})
    with pytest.raises(ArtifactError, match=r"coverage\.json cannot be written as JSON"):
        write_artifacts(tmp_path / "new", nan)


def test_written_files_have_the_usual_rights(folder):
    (folder / "plain").touch()
    usual = stat.S_IMODE((folder / "plain").stat().st_mode)
    assert stat.S_IMODE((folder / "coverage.json").stat().st_mode) == usual


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="file"):
        write_artifacts(tmp_path / "file" / "outputs", analysis())


@pytest.mark.parametrize("place", [(0, 0, 0), (1, 0, 0), (-3e30, 2, 7)])
def test_a_sphere_of_one_place_is_refused(folder, place):
    for part in "SU":
        count = len(np.load(folder / f"umap3d_{part}.npy"))
        np.save(folder / f"umap3d_{part}.npy", np.tile(np.float32(place), (count, 1)))
    with pytest.raises(ArtifactError, match="put all images at one place"):
        read_artifacts(folder)


def test_the_one_matrix_among_other_arrays_is_the_embeddings(tmp_path):
    rows = np.eye(4, dtype=np.float32)
    beside = {"labels": np.arange(4), "paths": np.array(["a", "b", "c", "d"]), "size": np.array(4)}
    np.savez(tmp_path / "embed_S.npz", features=rows, **beside)
    np.testing.assert_array_equal(files.read_npz(tmp_path / "embed_S.npz", "embeddings"), rows)
    np.savez(tmp_path / "embed_U.npz", features=rows, others=rows, **beside)
    with pytest.raises(ArtifactError, match=r"one matrix among others.*features"):
        files.read_npz(tmp_path / "embed_U.npz", "embeddings")


@pytest.mark.parametrize(
    "given",
    ["s3://bucket/out", "https://host/out", "~nobody-of-that-name/out", "a\0b", "a\udcff"],
)
def test_a_path_that_is_none_of_this_machine_is_refused(given):
    with pytest.raises(InputError, match=r"is an address|starts with a user|is not a path"):
        local_path(given)


def test_a_path_of_this_machine_is_taken_as_it_is(tmp_path):
    for name in ("a b", "ü", "C:", "two\nlines", "a:/b"):
        assert local_path(tmp_path / name) == tmp_path / name
    assert local_path("~/x").is_absolute()
    assert local_path(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
