import pytest
from gapsphere.plugin.dataset.gaps.table import read_table, typed
from gapsphere.plugin.errors import ArtifactError


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1", "", "3"], [1, None, 3]),
        (["1", "2.5"], [1.0, 2.5]),
        (["true", "False"], [True, False]),
        (["1", "true"], ["1", "true"]),
        (["007", "8"], ["007", "8"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["nan", "1.0"], ["nan", "1.0"]),
        (["99999999999999999999", "1"], [1e20, 1.0]),
        (["", ""], [None, None]),
    ],
)
def test_a_column_gets_the_narrowest_type_that_fits_all_its_cells(cells, wanted):
    assert typed(cells) == wanted
    assert [type(cell) for cell in typed(cells)] == [type(cell) for cell in wanted]


def test_names_stay_text_whatever_they_look_like(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "filename,sequence\n12,0007\n13,8\n"))
    assert table.columns == {"filename": ["12", "13"], "sequence": ["0007", "8"]}


def test_columns_that_cannot_be_fields_are_renamed_and_told(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "filename,id,a b,2nd,frame\nx,1,2,3,4\n"))
    assert list(table.columns) == ["filename", "csv_id", "a_b", "csv_2nd", "frame_number"]
    assert table.renamed == {"id": "csv_id", "a b": "a_b", "2nd": "csv_2nd"}


def test_a_byte_order_mark_and_quotes_are_read(tmp_path):
    table = read_table(write(tmp_path / "t.csv", '\ufefffilename,note\n"a,b.png","x ""y"""\n'))
    assert table.columns == {"filename": ["a,b.png"], "note": ['x "y"']}


@pytest.mark.parametrize(
    ("text", "encoding", "sentence"),
    [
        ("", "utf-8", "is empty"),
        ("name\nx\n", "utf-8", "no column 'filename'"),
        ("filename,a\nx\n", "utf-8", "row 2: 1 cells where the header has 2"),
        ("filename,a\nx,1,2\n", "utf-8", "row 2: 3 cells"),
        ("filename,a b,a_b\nx,1,2\n", "utf-8", "both become the field 'a_b'"),
        ("filename\n\u00e9\n", "latin-1", "not UTF-8"),
    ],
)
def test_a_broken_table_is_refused_with_its_file_and_reason(tmp_path, text, encoding, sentence):
    path = write(tmp_path / "t.csv", text, encoding)
    with pytest.raises(ArtifactError, match=sentence) as caught:
        read_table(path)
    assert "t.csv" in str(caught.value)
