"""Where the files are that a list or table names."""

import pytest
from gapsphere.plugin.interchange.files.listed_paths import MISSING, locate


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_name_that_was_encoded_for_a_web_page_is_found(tmp_path, times):
    (tmp_path / "a b.png").write_bytes(b"x")
    name = "a b.png" if times == 0 else f"a%{'25' * (times - 1)}20b.png"
    assert locate(name, tmp_path) == (str(tmp_path / "a b.png"), "")


def test_a_name_that_was_encoded_without_an_end_is_missing(tmp_path):
    name = "%" + 3000 * "25"
    assert locate(name, tmp_path) == (str(tmp_path / name), MISSING)
