import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.gaps.images.table import read_table
from gapsphere.plugin.errors import ArtifactError, EmptySetError


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def test_names_stay_text_whatever_they_look_like(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "filename,sequence\n12,0007\n13,8\n14,nan\n"))
    assert table.columns == {"filename": ["12", "13", "14"], "sequence": ["0007", "8", None]}
    assert table.notes == ["taken as missing: 1 of 'sequence' ('nan')"]


def test_columns_that_cannot_be_fields_are_renamed_and_told(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "filename,id,a b,2nd,frame\nx,1,2,3,4\n"))
    assert list(table.columns) == ["filename", "csv_id", "a_b", "csv_2nd", "frame_number"]
    assert table.renamed == {"id": "csv_id", "a b": "a_b", "2nd": "csv_2nd"}


@pytest.mark.parametrize(
    "name",
    [
        "media_type",
        "self",
        "pk",
        "id",
        "_id",
        "tags",
        "metadata",
        "filepath",
        "created_at",
        "dataset",
        "save",
        "_media_type",
        "is_gap",
        "embedding",
        "in_db",
        "update",
    ],
)
def test_names_that_fiftyone_or_a_step_keeps_are_renamed_and_told(dataset, tmp_path, name):
    table = read_table(write(tmp_path / "t.csv", f"filename,{name}\nx,1\n"), dataset)
    assert list(table.columns) == ["filename", f"csv_{name.lstrip('_')}"]
    assert table.renamed == {name: f"csv_{name.lstrip('_')}"}
    dataset.add_sample(fo.Sample(filepath="/x.png", **{f"csv_{name.lstrip('_')}": 1}))
    assert dataset.values(f"csv_{name.lstrip('_')}") == [1]


def test_a_field_of_a_step_with_a_suffix_and_the_groups_are_kept_as_well(dataset, tmp_path):
    dataset.add_group_field("rig", default="left")
    dataset.register_run("gapsphere_coverage_dino", dataset.init_run())
    path = write(tmp_path / "t.csv", "filename,is_gap_dino,rig,is_gap_other\nx,1,2,3\n")
    assert list(read_table(path, dataset).columns)[1:] == [
        "csv_is_gap_dino",
        "csv_rig",
        "is_gap_other",
    ]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("\ufefffilename,note,v\na.png,x,1.5\n", "utf-8"),
        ("filename;note;v\na.png;x;1,5\n", "utf-8"),
        ("filename;note;v\na.png;x;1.5\n", "utf-8"),
        ("filename\tnote\tv\na.png\tx\t1.5\n", "utf-8"),
        ("filename|note|v\r\na.png|x|1.5\r\n", "utf-8"),
        ("sep=;\nfilename;note;v\na.png;x;1,5\n", "utf-8"),
        ("\ufeffsep=\t\r\nfilename\tnote\tv\r\na.png\tx\t1,5\r\n", "utf-16-le"),
        ("filename,note,v\na.png,x,1.5\n", "utf-16"),
        ("filename,note,v\na.png,x,1.5\n", "utf-16-be"),
        ("filename,note,v\ra.png,x,1.5\r", "utf-8"),
        ("\n\nfilename,note,v\n\n,,\na.png,x,1.5\n\n", "utf-8"),
        ("filename,note,v,,\na.png,x,1.5,,\n", "utf-8"),
        ('"filename","note","v"\n"a.png","x","1.5"\n', "utf-8"),
    ],
)
def test_tables_of_other_programs_are_read(tmp_path, text, encoding):
    table = read_table(write(tmp_path / "t.csv", text, encoding))
    assert table.columns == {"filename": ["a.png"], "note": ["x"], "v": [1.5]}


@pytest.mark.parametrize(
    "header", ["Filename", "FILENAME", "file_name", " filename ", "filepath", "path", "Image Path"]
)
def test_the_column_of_files_is_found_under_its_other_names(tmp_path, header):
    table = read_table(write(tmp_path / "t.csv", f"{header},Split,Sequence,Frame\na,S,d,1\n"))
    assert list(table.columns) == ["filename", "Split", "sequence", "frame_number"]
    assert table.renamed["Sequence"] == "sequence"


def test_a_column_that_is_exactly_named_leaves_its_likes_alone(tmp_path):
    text = "filename,path,frame_number,Frame\na.png,/b.png,1,2\n"
    table = read_table(write(tmp_path / "t.csv", text))
    assert list(table.columns) == ["filename", "path", "frame_number", "Frame"]


def test_quotes_and_line_breaks_in_them_are_read(tmp_path):
    table = read_table(write(tmp_path / "t.csv", 'filename,note\n"a,b.png","x ""y""\nz"\n'))
    assert table.columns == {"filename": ["a,b.png"], "note": ['x "y"\nz']}


def test_what_was_understood_is_told(tmp_path):
    table = read_table(
        write(
            tmp_path / "t.csv",
            "filename;speed;ttc;lat;token;n;fw\n"
            "a;1,5;inf;48.10;1e5;1;1.10\n"
            "b;nan;2;48.25;2e5;NA;1.20\n",
        )
    )
    assert table.columns["speed"] == [1.5, None]
    assert table.columns["ttc"] == [None, 2]
    assert table.columns["fw"] == ["1.10", "1.20"]
    assert table.notes == [
        "cells separated by: semicolons",
        "read with decimal commas: 'speed'",
        "taken as missing: 1 of 'speed' ('nan'), 1 of 'n' ('NA')",
        "taken as missing, infinite values too: 1 of 'ttc' ('inf')",
        "read as numbers, without the zeros at their end: 'lat'",
        "kept as text: 'token' ('1e5' would not read back the same), "
        "'fw' (the name is one of identifiers)",
    ]


def test_what_a_table_lacks_is_said_beside_its_columns_as_they_are_written(tmp_path):
    path = write(tmp_path / "t.csv", "filepath,tags\na.png,S\n")
    said = r"no column split, with S or U for each image; its columns .*: filepath, tags\.$"
    with pytest.raises(ArtifactError, match=said):
        read_table(path, None, required=("filename", "split"))


@pytest.mark.parametrize(
    ("text", "encoding", "sentence"),
    [
        ("", "utf-8", "is empty"),
        ("name\nx\n", "utf-8", "no column filename"),
        ("a;b\nx;y\n", "utf-8", r"columns \(separated by semicolons\): a, b"),
        ("filename,a\n" + "\n" * 1_000_002, "utf-8", "more than 1,000,000 blank lines"),
        ("filename,a\nx\n", "utf-8", "row 2: 1 cells where the header has 2"),
        ("filename,a\n\nx,1,2\n", "utf-8", "row 3: 3 cells"),
        (
            "filename,a b,a_b\nx,1,2\n",
            "utf-8",
            "'a b' and 'a_b' would both become .* 'a_b'",
        ),
        ("filename,a,a\nx,1,2\n", "utf-8", "the column 'a' twice"),
        ("path,image\nx,1\n", "utf-8", "'path' or 'image' may be meant"),
        ("filename\n\u00e9\n", "cp1252", "not UTF-8 .*byte 0xe9"),
        ("PK\x03\x04", "latin-1", "Excel workbook"),
        ("\xd0\xcf\x11\xe0", "latin-1", "old Excel workbook"),
        ("PAR1", "latin-1", "Parquet file"),
        ("ARROW1\0\0", "latin-1", "Arrow or Feather file"),
        ("\x89HDF\r\n", "latin-1", "HDF5 file"),
        ("SQLite format 3\0", "latin-1", "SQLite database"),
        ("\x1f\x8b", "latin-1", "gzip file"),
        ("\xfd7zXZ\0", "latin-1", "xz file"),
        ("\x28\xb5\x2f\xfd", "latin-1", "Zstandard file"),
        ("BZh91AY", "latin-1", "bzip2 file"),
        ("version https://git-lfs.github.com/spec/v1\n", "utf-8", "git lfs pull"),
        ("<html><body>" + "x" * 9000 + "</body></html>\n", "utf-8", r"columns: <html>.{0,80}\.$"),
        ('filename,a\n"x,1\ny,2\n', "utf-8", "quote left open"),
        ("filename,frame\nx,1.5\n", "utf-8", "row 2: '1.5' in the column 'frame'"),
    ],
)
def test_a_broken_table_is_refused_with_its_file_and_reason(tmp_path, text, encoding, sentence):
    path = write(tmp_path / "t.csv", text, encoding)
    with pytest.raises(ArtifactError, match=sentence) as caught:
        read_table(path)
    assert "t.csv" in str(caught.value)


def test_a_table_without_rows_is_refused(tmp_path):
    with pytest.raises(EmptySetError, match="no row"):
        read_table(write(tmp_path / "t.csv", "filename,split\n\n"))


@pytest.fixture
def held(dataset):
    """A dataset with a field of each kind."""
    for name, kind in {
        "n": fo.IntField, "v": fo.FloatField, "t": fo.StringField, "b": fo.BooleanField,
        "d": fo.DateField, "dt": fo.DateTimeField, "flags": fo.ListField, "v3": fo.VectorField,
    }.items():  # fmt: skip
        dataset.add_sample_field(name, kind)
    dataset.add_sample_field("label", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    return dataset


def test_cells_take_the_type_of_the_field_that_is_there(held, tmp_path):
    text = "filename,n,v,t,b,d,flags\nx,1.0,1,7,1,2024-01-31,\ny,NA,nan,007,false,,\n"
    columns = read_table(write(tmp_path / "t.csv", text), held).columns
    assert (columns["n"], columns["v"], columns["t"]) == ([1, None], [1.0, None], ["7", "007"])
    assert columns["b"] == [True, False]
    assert str(columns["d"][0]) == "2024-01-31"


@pytest.mark.parametrize(
    ("column", "cell"),
    [("n", "front"), ("n", "1.5"), ("v", "fast"), ("b", "yes"), ("d", "31.1."), ("dt", "noon")],
)
def test_a_cell_that_does_not_fit_is_named_with_column_and_row(held, tmp_path, column, cell):
    path = write(tmp_path / "t.csv", f"filename,{column}\nx,\ny,{cell}\n")
    with pytest.raises(ArtifactError, match=f"row 3: '{cell}' in the column '{column}'"):
        read_table(path, held)


@pytest.mark.parametrize("column", ["flags", "v3", "label"])
def test_a_field_that_no_table_can_fill_is_named_with_its_type(held, tmp_path, column):
    path = write(tmp_path / "t.csv", f"filename,{column}\nx,1\n")
    with pytest.raises(ArtifactError, match=r"(List|Vector)Field|Classification"):
        read_table(path, held)
