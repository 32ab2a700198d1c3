"""The folder as a whole: what is read, what is left out and named, and what is refused."""

import csv
import os
import resource
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from gapsphere.plugin.errors import ArtifactError, InputError
from gapsphere.plugin.interchange.features.feature_cache import open_cache
from gapsphere.plugin.interchange.features.rationales import EMPTY
from gapsphere.plugin.interchange.features.reviews import write_reviewed
from gapsphere.plugin.interchange.features.tensors import read_pt
from gapsphere.plugin.interchange.files.file_names import Folder, unsafe
from gapsphere.plugin.interchange.tables import csv_stream
from gapsphere.plugin.interchange.tables.csv_stream import open_csv
from gapsphere.plugin.interchange.tables.safe_cells import escaped, unescaped
from gapsphere.tests.support.made_cache import BROKEN, CORRECT, EVERY, MIS, make_cache
from hypothesis import given, settings
from hypothesis import strategies as st

COORDS = "vis_umap_coords.npy"
HEADER = "file_name,ground_truth_num_label,ground_truth_word_label,ground_truth_L2_num_label"


def opened(folder, **settings):
    given_ = {"coords_file": COORDS, "mis_csv": MIS, "correct_csv": CORRECT} | settings
    return open_cache(folder, optional=(COORDS, MIS, CORRECT), **given_)


def read(folder, **settings):
    with opened(folder, **settings) as cache:
        rows = [row for block in cache.blocks(700) for row in block]
        return cache, {row.file_name: row for row in rows}


def count(cache, *words):
    return sum(
        number
        for kind, number in cache.found.counts.items()
        if all(word in " ".join(kind) for word in words)
    )


@pytest.fixture(scope="module")
def defective(tmp_path_factory):
    return make_cache(tmp_path_factory.mktemp("cache"), 2000, defects=EVERY)


@pytest.fixture
def small(tmp_path):
    return make_cache(tmp_path / "cache", 40, dimension=6)


def metadata(folder, *lines, header=HEADER, encoding="utf-8"):
    text = "\n".join([header, *lines]) + "\n"
    (folder / "metadata.csv").write_bytes(text.encode(encoding))
    return folder


def test_every_defect_of_2000_rows_is_found_counted_and_named(defective):
    cache, rows = read(defective)
    assert cache.rows == 2000
    assert len(rows) == cache.usable == 2000 - EVERY.duplicates - EVERY.escaping
    assert count(cache, "metadata.csv", "an earlier row has the file_name") == EVERY.duplicates
    assert count(cache, "metadata.csv", "file_name", "left out") == 13
    assert count(cache, "vis_umap_coords.npy", "NaN") == EVERY.nan_places
    assert count(cache, "embeddings.pt", "NaN") == EVERY.nan_vectors
    assert count(cache, "mis_", "no sample of that name") == EVERY.strangers
    assert count(cache, "correct_", "an earlier row has the file_name") == EVERY.spoken_twice
    assert count(cache, "scores_centroid.csv", "cells") == EVERY.bad_centroids
    for problem in {problem for _, problem in BROKEN}:
        wanted = 9 * sum(other == problem for _, other in BROKEN)
        told = "missing: empty cell" if problem == EMPTY else f": {problem}"
        assert count(cache, "rationales", told) == wanted, problem
    said = [row.said[0] for row in rows.values()]
    assert sum(one.status == "ambiguous" for one in said) == EVERY.ambiguous
    empty = 9  # cells with nothing in them to keep
    kept = sum(one.rationale.raw is not None for one in said)
    assert kept == EVERY.broken - empty + EVERY.ambiguous
    assert "elsewhere_0.jpg" in str(cache.found.listed())
    lines = cache.found.lines()
    assert "metadata.csv  1 row left out: file_name is empty (' ')" in lines
    assert any("11 rows left out: no sample of that name ('elsewhere_0.jpg', " in x for x in lines)
    files = [line.split("  ")[0] for line in lines]
    assert files == sorted(files, key=files.index)  # what one file has wrong stands together


def test_a_sound_cache_has_nothing_to_report(small):
    cache, rows = read(small)
    assert cache.found.lines() == []
    assert len(rows) == 40
    np.testing.assert_allclose(np.linalg.norm(cache.embeddings, axis=1), 1, atol=1e-6)


def test_rows_pair_with_the_arrays_by_order_even_behind_rows_that_are_left_out(tmp_path):
    folder = metadata(tmp_path, "a.jpg,1,x,1", "../b.jpg,1,x,1", "a.jpg,2,y,1", "c.jpg,3,z,1")
    np.save(folder / COORDS, np.arange(8.0).reshape(4, 2))
    cache, rows = read(folder)
    assert {name: cache.coordinates[row.index].tolist() for name, row in rows.items()} == {
        "a.jpg": [0, 1],
        "c.jpg": [6, 7],
    }
    assert rows["a.jpg"].cells[1] == "1"  # the first of two stays


def test_a_sample_in_both_tables_is_ambiguous_and_keeps_both_texts(tmp_path):
    metadata(tmp_path, "a.jpg,1,x,1", "b.jpg,1,x,1", "c.jpg,1,x,1", "d.jpg,1,x,1")
    said = 'file_name,rationale,pred\n{},"{{""score"": {}, ""rationale"": ""{}""}}",{}\n'
    (tmp_path / MIS).write_text(said.format("a.jpg", 0.9, "wet", 7) + "b.jpg,,1\n")
    (tmp_path / CORRECT).write_text(said.format("a.jpg", 0.1, "dry", 7) + "c.jpg,,1\n")
    cache, rows = read(tmp_path)
    assert [rows[name].said[0].status for name in ("a.jpg", "b.jpg", "c.jpg", "d.jpg")] == [
        "ambiguous",
        "misclassified",
        "correct",
        "unknown",
    ]
    both = rows["a.jpg"].said[0]
    assert both.rationale.score == 0.9
    assert "wet" in both.rationale.text
    assert "dry" in both.rationale.text
    assert both.extra == {"pred": "7"}
    assert cache.extra_kinds["", "pred"].kind is int


def test_several_models_pair_by_their_names(tmp_path):
    metadata(tmp_path, "a.jpg,1,x,1", "b.jpg,1,x,1")
    for name, sample in (("mis_A", "a"), ("correct_A", "b"), ("correct_B-2", "a")):
        (tmp_path / f"{name}.csv").write_text(f"file_name,rationale\n{sample}.jpg,\n")
    cache, rows = read(tmp_path, mis_csv="mis_A.csv", correct_csv="correct_B-2.csv, correct_A.csv")
    assert [(v.model, v.suffix) for v in cache.verdicts] == [("A", ""), ("B-2", "b_2")]
    assert [said.status for said in rows["a.jpg"].said] == ["misclassified", "correct"]
    assert [said.status for said in rows["b.jpg"].said] == ["correct", "unknown"]


def test_one_pair_may_be_called_anything(tmp_path):
    metadata(tmp_path, "a.jpg,1,x,1")
    for name in ("yours", "theirs"):
        (tmp_path / f"{name}.csv").write_text("file_name,rationale\na.jpg,\n")
    cache, _ = read(tmp_path, mis_csv="yours.csv", correct_csv="theirs.csv")
    assert [verdict.suffix for verdict in cache.verdicts] == [""]


def test_columns_take_the_narrowest_type_of_all_their_cells(tmp_path):
    header = HEADER + ",i,f,b,s,n,z"
    metadata(tmp_path, "a,1,x,1,1,1,True,a,,007", "b,2,2,1,,2.5,false,1,,8", header=header)
    cache, _ = read(tmp_path)
    kinds = {name: column.kind for name, column in cache.kinds.items()}
    assert kinds == {
        "ground_truth_num_label": int,
        "ground_truth_L2_num_label": int,
        "i": int,
        "f": float,
        "b": bool,
        "s": str,
        "n": str,
        "z": str,
    }


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path, mark):
    lines = f"{HEADER}\r\n" + '서울.jpg,1,"a, ""b""\r\nc",1\r\n'
    (tmp_path / "metadata.csv").write_bytes(mark + lines.encode())
    _, rows = read(tmp_path)
    assert rows["서울.jpg"].cells[2] == 'a, "b"\r\nc'


def refused(folder, **settings):
    with pytest.raises((ArtifactError, InputError)) as caught:
        read(folder, **settings)
    return str(caught.value)


def test_row_counts_that_differ_say_which_file_has_how_many(small):
    np.save(small / COORDS, np.zeros((39, 2)))
    assert "metadata.csv has 40 rows and vis_umap_coords.npy has 39" in refused(small)
    np.save(small / COORDS, np.zeros((40, 2)))
    torch.save(torch.ones(41, 3), small / "embeddings.pt")
    assert "metadata.csv has 40 rows and embeddings.pt has 41" in refused(small)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[{}, 1]] * 40, dtype=object), "holds object, not numbers"),
        (np.full((40, 2), np.nan), "only NaN"),
        (np.zeros((40, 4)), r"(n, 2) or (n, 3)"),
        (np.zeros(40), r"(n, 2) or (n, 3)"),
        (np.zeros((40, 2), dtype="U3"), "not numbers"),
    ],
)
def test_coordinates_that_are_none_are_refused(small, array, words):
    np.save(small / COORDS, array, allow_pickle=True)
    assert words in refused(small)


def test_a_header_that_claims_a_terabyte_costs_nothing(small):
    with open(small / COORDS, "wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 2)}
        np.lib.format.write_array_header_1_0(file, header)
    assert "more than is read" in refused(small)


@pytest.mark.parametrize(
    ("lines", "header", "words"),
    [
        ([], "", "is empty"),
        ([], HEADER, "a header and no row"),
        (["a,1,x"], HEADER, "row 2: 3 cells where the header has 4"),
        (["a,1,x,1,2"], HEADER, "row 2: 5 cells"),
        (["a,1,x"], "picture,ground_truth_num_label,words", "no column file_name"),
        (["a,1,x,1,1,1"], f"{HEADER},twice,twice", "the column 'twice' twice"),
        (["../a,1,x,1"], HEADER, "no row can be used"),
        (['a,"1,x,1'], HEADER, "is a quote left open?"),
    ],
)
def test_tables_that_are_none_are_refused_with_the_place(tmp_path, lines, header, words):
    metadata(tmp_path, *lines, header=header)
    said = refused(tmp_path)
    assert words in said
    assert "metadata.csv" in said


def test_another_encoding_is_refused(tmp_path):
    metadata(tmp_path, "서울.jpg,1,초지,1", encoding="cp949")
    assert "is not UTF-8" in refused(tmp_path)


def test_utf_16_tells_itself_and_is_read(tmp_path):
    metadata(tmp_path, "서울.jpg,1,초지,1", encoding="utf-16")
    with opened(tmp_path) as cache:
        (row,) = next(cache.blocks(2))
    assert list(row.cells) == ["서울.jpg", "1", "초지", "1"]


def test_files_that_were_named_have_to_be_there_and_defaults_need_not(small):
    (small / MIS).unlink()
    (small / COORDS).unlink()
    cache, _ = read(small)
    assert cache.coordinates is None
    assert cache.verdicts[0].misclassified is None
    assert "mis_other.csv" in refused(small, mis_csv="mis_other.csv")
    assert "other.npy" in refused(small, coords_file="other.npy")
    assert "is not a folder" in refused(small, image_dir=str(small / "nowhere"))
    assert "is not a folder" in refused(small / "nowhere")
    assert "is not a feature cache" in refused(small.parent)


def test_labels_of_another_run_are_noticed(small):
    labels = torch.load(small / "labels.pt", weights_only=True)
    torch.save(labels + (torch.arange(40) < 3), small / "labels.pt")
    cache, _ = read(small)
    assert count(cache, "labels.pt", "differ") == 3


class Evil:
    def __reduce__(self):
        return os.system, ("true",)


def bomb(path):
    plain = path.with_suffix(".plain")
    torch.save(torch.zeros(4, 3), plain)
    with zipfile.ZipFile(plain) as read_, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for item in read_.infolist():
            content = bytes(1 << 24) if item.filename.endswith("data/0") else read_.read(item)
            out.writestr(item.filename, content)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: torch.save(Evil(), path), "without running code"),
        (lambda path: torch.save({"a": torch.ones(1), "b": torch.ones(1)}, path), "one tensor"),
        (lambda path: torch.save([torch.ones(1)], path), "one tensor"),
        (lambda path: torch.save(torch.ones(1).expand(10**9, 10**3), path), "does not hold"),
        (lambda path: torch.save(torch.ones(2, 70_000), path), "no embedding has"),
        (lambda path: torch.save(torch.ones(4, dtype=torch.cfloat), path), "as float32"),
        (lambda path: torch.save(torch.eye(3).to_sparse(), path), "does not hold"),
        (lambda path: torch.save(torch.ones(2, 3, device="meta"), path), "does not hold"),
        (lambda path: path.write_bytes(b"PK\x03\x04 torn"), "not a file of torch.save"),
        (lambda path: path.write_bytes(b""), "not a file of torch.save"),
        (bomb, "unpacks into"),
    ],
)
def test_a_tensor_file_made_to_hurt_is_refused(tmp_path, make, words):
    path = tmp_path / "embeddings.pt"
    make(path)
    with pytest.raises(ArtifactError, match=words):
        read_pt(path, preferred="embeddings")


def test_a_tensor_in_half_precision_or_in_a_dictionary_is_read(tmp_path):
    held = {"embeddings": torch.ones(2, 3, dtype=torch.bfloat16), "note": "x", "b": torch.ones(1)}
    torch.save(held, tmp_path / "e.pt")
    rows = read_pt(tmp_path / "e.pt", preferred="embeddings")
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 1, 1]] * 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a/b.jpg", ""),
        ("..a/b..jpg", ""),
        ("./a.jpg", ""),
        ("가/나.jpg", ""),
        ("../a", "leads out of the folder"),
        ("a/../../b", "leads out of the folder"),
        ("a\\..\\b", "leads out of the folder"),
        (".. /b", "leads out of the folder"),
        ("..", "leads out of the folder"),
        (".../b", "leads out of the folder"),
        ("/etc/passwd", "is an absolute path"),
        ("\\\\host\\share", "is an absolute path"),
        ("C:\\a", "is an absolute path"),
        ("c:a", "is an absolute path"),
        ("", "is empty"),
        ("  ", "is empty"),
        ("a\0b", "holds a control character"),
        ("a\nb", "holds a control character"),
    ],
)
def test_names_that_leave_their_folder_on_any_system(name, reason):
    assert unsafe(name) == reason


def test_links_that_lead_out_are_refused_and_links_inside_are_not(tmp_path):
    images, outside = tmp_path / "images", tmp_path / "outside"
    (images / "sub").mkdir(parents=True)
    outside.mkdir()
    for place in (images / "a.jpg", outside / "b.jpg"):
        place.touch()
    (images / "in.jpg").symlink_to(images / "a.jpg")
    (images / "out.jpg").symlink_to(outside / "b.jpg")
    (images / "folder").symlink_to(outside)
    (tmp_path / "link").symlink_to(images)
    for folder in (Folder(images), Folder(tmp_path / "link")):
        assert folder.resolve("in.jpg") == (str(images / "in.jpg"), "")
        assert folder.resolve("missing.jpg") == (str(images / "missing.jpg"), "")
        for name in ("out.jpg", "folder/b.jpg"):
            assert folder.resolve(name) == (None, "is a link that leads out of the folder")


@pytest.mark.parametrize(
    "stored",
    [
        "hub/blobs/h0",
        "store/3f/" + "a1" * 15,
        "lfs/objects/ab/" + "ab" * 32,
        ".git/annex/objects/x/MD5E-s120--" + "0" * 32 + ".png",
    ],
)
def test_links_to_where_a_hub_or_version_control_keeps_contents_are_followed(tmp_path, stored):
    images = tmp_path / "hub" / "snapshots" / "abc"
    images.mkdir(parents=True)
    (tmp_path / stored).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / stored).touch()
    (images / "a.png").symlink_to(tmp_path / stored)
    assert Folder(images).resolve("a.png") == (str(images / "a.png"), "")


def test_a_table_larger_than_memory_may_be_streamed(tmp_path):
    """256 MB of rows pass through while the process may grow by 96 MB."""
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("file_name,rationale\n")
        row = "x" * 65_536
        for number in range(4096):
            file.write(f"{number},{row}\n")
    table = open_csv(path, required=("file_name", "rationale"))
    status = Path("/proc/self/status").read_text()
    held = int(status.split("VmSize:")[1].split()[0]) * 1024
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (held + (96 << 20), hard))
    try:
        assert sum(len(cells[1]) for cells in table.rows()) == 4096 * 65_536
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_a_line_or_a_cell_without_end_is_an_error_and_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_stream, "LINE_LIMIT", 1000)
    monkeypatch.setattr(csv_stream, "CELL_LIMIT", 300)
    before = csv.field_size_limit()
    metadata(tmp_path, "a," + "x" * 2000)
    assert "is not a table of samples" in refused(tmp_path)
    metadata(tmp_path, "a," + "x" * 400 + ",x,1")
    assert "row 2 cannot be read as CSV (field larger" in refused(tmp_path)
    metadata(tmp_path, 'a,"1', *["line"] * 500)
    assert "is a quote left open?" in refused(tmp_path)
    assert csv.field_size_limit() == before


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
RISKY = st.builds(str.__add__, st.sampled_from(["'", "''", "=", "-", "@", "'=", " =", "\t"]), CELL)


@given(st.one_of(CELL, RISKY))
def test_escaping_is_undone_exactly_and_leaves_no_formula(cell):
    safe = escaped(cell)
    assert unescaped(safe) == cell
    assert not safe.lstrip().startswith(("=", "+", "-", "@")) or float(safe) == float(cell)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.one_of(CELL, RISKY), st.one_of(CELL, RISKY), CELL),
        min_size=1,
        max_size=6,
    ),
    CELL.filter(lambda name: name not in (*HEADER.split(","), "other")),
    st.randoms(use_true_random=False),
)
def test_import_then_export_loses_nothing(tmp_path_factory, rows, extra, random):
    """Every cell, column and row is in the export; read as a cache again, it says the same."""
    folder = tmp_path_factory.mktemp("round")
    names = [f"{number}.jpg" for number in range(len(rows))]
    header = [*HEADER.split(","), extra, "other"]
    random.shuffle(header)
    with (folder / "metadata.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        held = []
        for name, (first, second, label) in zip(names, rows, strict=True):
            cells = dict.fromkeys(header, "1")
            cells |= {"file_name": name, extra: first, "other": second}
            cells["ground_truth_word_label"] = label
            held.append([cells[column] for column in header])
        table.writerows(held)
    source = open_csv(folder / "metadata.csv", required=("file_name",))
    decided = {name: {} for name in names} | {names[0]: {"review_decision": "agree"}}
    columns = ["review_decision", "review_note"]
    (folder / "out").mkdir()
    write_reviewed(source, folder / "out" / "metadata.csv", columns, decided)
    with opened(folder / "out") as cache:
        assert cache.metadata.header == (*header, *columns)
        back = [list(row.cells) for block in cache.blocks(2) for row in block]
    wanted = [[*row, "", ""] for row in held]
    wanted[0][-2] = "agree"
    assert back == wanted
    again = open_csv(folder / "out" / "metadata.csv", required=("file_name",))
    write_reviewed(again, folder / "out" / "twice.csv", columns, decided)
    first, second = (folder / "out" / name for name in ("metadata.csv", "twice.csv"))
    assert first.read_bytes() == second.read_bytes()
