"""Arrays that unpack to more than they are, or claim to: refused before they take memory."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from gapsphere.plugin.errors import ArtifactError
from gapsphere.plugin.interchange.files.checked import parse_json, read_npy, read_npz


def header(shape, dtype="<f4"):
    content = io.BytesIO()
    about = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(content, about)
    return content.getvalue()


def refusal(read, path):
    tracemalloc.start()
    with pytest.raises(ArtifactError) as refused:
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20
    return str(refused.value)


def read_one(path):
    return read_npz(path, "x")


def test_an_array_of_zeros_that_unpacks_to_gigabytes_is_refused(tmp_path):
    block = bytes(1 << 20)
    with (
        zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as member,
    ):
        member.write(header((100 << 18,)))
        for _ in range(100):
            member.write(block)
    assert "would unpack to" in refusal(read_one, tmp_path / "x.npz")


def test_a_small_array_of_zeros_is_no_bomb(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((1000, 1000), np.float32))
    assert not read_one(tmp_path / "x.npz").any()


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 32, 1 << 32), (-1,), (10, 10)])
def test_a_header_that_lies_is_refused(tmp_path, shape):
    (tmp_path / "x.npy").write_bytes(header(shape) + bytes(16))
    assert "claims" in refusal(read_npy, tmp_path / "x.npy")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", header(shape) + bytes(16))
    assert "claims" in refusal(read_one, tmp_path / "x.npz")


def test_a_member_that_claims_another_size_takes_no_more_than_it_holds(tmp_path):
    size = 1 << 30
    content = header((size // 4,))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("x.npy", content + bytes(64))
    changed = (tmp_path / "x.npz").read_bytes()
    held, lie = len(content) + 64, len(content) + size
    changed = changed.replace(held.to_bytes(4, "little"), lie.to_bytes(4, "little"))
    (tmp_path / "x.npz").write_bytes(changed)
    with pytest.raises(ArtifactError):
        read_one(tmp_path / "x.npz")


@pytest.mark.parametrize("content", [b"[" * 10**6, b'{"a":' * 10**5, b"[[" * 10**5 + b"]]" * 10**5])
def test_bottomless_json_is_a_sentence(content):
    with pytest.raises(ArtifactError, match=r"nested too deeply|cannot be read"):
        parse_json(content, "x.json")


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_packed_array_with_damaged_bytes_is_a_sentence(tmp_path, packing):
    rng = np.random.default_rng(0)
    content = io.BytesIO()
    np.save(content, rng.integers(0, 9, (2000, 50)))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", packing) as archive:
        archive.writestr("x.npy", content.getvalue())
    whole = (tmp_path / "x.npz").read_bytes()
    for place in range(200, len(whole) - 200, len(whole) // 30):
        damaged = whole[:place] + b"\xff\0\xff\0" + whole[place + 4 :]
        (tmp_path / "x.npz").write_bytes(damaged)
        with pytest.raises(ArtifactError):
            read_one(tmp_path / "x.npz")


def test_a_member_whose_name_is_no_text_is_a_sentence(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("é.npy", header((1,)) + bytes(4))
    damaged = (tmp_path / "x.npz").read_bytes().replace("é".encode(), b"\xe9\xe9")
    (tmp_path / "x.npz").write_bytes(damaged)
    with pytest.raises(ArtifactError, match=r"cannot be read as \.npz"):
        read_one(tmp_path / "x.npz")
