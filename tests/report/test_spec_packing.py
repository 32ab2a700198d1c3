"""A Visual Spec after people's hands: packed again, unpacked, the wrong file named."""

import shutil
import tracemalloc
import zipfile

import pytest
from gapsphere.plugin.errors import ArtifactError, InputError
from gapsphere.plugin.report.spec.package import write_spec
from gapsphere.plugin.report.spec.reading import read_spec


@pytest.fixture
def packed(make_spec, tmp_path):
    """A spec's ZIP, and the folder it unpacks into."""
    (tmp_path / "in").mkdir()
    spec = make_spec()
    write_spec(tmp_path / "in" / "spec.zip", spec)
    with zipfile.ZipFile(tmp_path / "in" / "spec.zip") as archive:
        archive.extractall(tmp_path / "out")
    return tmp_path / "in" / "spec.zip", tmp_path / "out" / spec.id


def pack(path, folder, name):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, name(file.relative_to(folder).as_posix()))
    return path


@pytest.mark.parametrize(
    "name",
    [
        lambda name: name,
        lambda name: f"from customer/{name}",
        lambda name: f"mail/from customer/GS-1/{name}",
        lambda name: f"GS-1\\{name}".replace("/", "\\"),
        lambda name: name.upper() if name == "spec.json" else name,
    ],
    ids=["flat", "a folder", "three folders", "Windows", "upper case"],
)
@pytest.mark.parametrize("ending", ["spec.zip", "spec.zip.download", "spec"])
def test_a_spec_is_found_however_it_was_packed_again(packed, tmp_path, name, ending):
    path = pack(tmp_path / ending, packed[1], name)
    assert read_spec(path).id == read_spec(packed[0]).id


def test_what_macos_adds_to_a_zip_is_passed_over(packed, tmp_path):
    path = pack(tmp_path / "mac.zip", packed[1], lambda name: f"GS-1/{name}")
    with zipfile.ZipFile(path, "a") as archive:
        for name in ("__MACOSX/GS-1/._spec.json", "__MACOSX/GS-1/spec.json", "GS-1/._spec.json"):
            archive.writestr(name, b"\0\5\x16\7")
    assert read_spec(path).id == read_spec(packed[0]).id


def test_a_folder_it_was_unpacked_into_is_enough(packed, tmp_path):
    zipped, folder = packed
    (tmp_path / "out" / "__MACOSX").mkdir()
    shutil.copy(folder / "spec.json", tmp_path / "out" / "__MACOSX" / "spec.json")
    found = {read_spec(each).id for each in (zipped, folder, tmp_path / "out", tmp_path / "in")}
    assert len(found) == 1


@pytest.mark.parametrize(
    "name", ["visual-spec.en.html", "reference.npz", "spec.json", "spec.schema.json"]
)
def test_any_file_of_an_unpacked_spec_leads_to_it(packed, name):
    zipped, folder = packed
    assert (folder / name).is_file()
    assert read_spec(folder / name).id == read_spec(zipped).id


def test_what_is_no_spec_says_what_to_give(packed, tmp_path):
    zipped, folder = packed
    shutil.copy(folder / "visual-spec.en.html", tmp_path / "page.html")
    with pytest.raises(
        ArtifactError, match=r"page.html is not a Visual Spec, and there is no spec.json"
    ):
        read_spec(tmp_path / "page.html")
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(zipped, "customer/s.zip")
    with pytest.raises(ArtifactError, match=r"unpack it and give the s.zip in it"):
        read_spec(inner)
    half = pack(tmp_path / "half.zip", folder, lambda name: name.replace("reference", "other"))
    with pytest.raises(ArtifactError, match=r"has no reference.npz beside spec.json"):
        read_spec(half)
    shutil.copytree(folder, tmp_path / "two" / "a"), shutil.copytree(folder, tmp_path / "two" / "b")
    with pytest.raises(InputError, match=r"holds several: a/spec.json, b/spec.json"):
        read_spec(tmp_path / "two")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match=r"holds no spec.json"):
        read_spec(tmp_path / "none")


def peak_of(read, path, match):
    tracemalloc.start()
    with pytest.raises(ArtifactError, match=match):
        read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize(
    "content",
    [b"[" + b"[]," * (3 << 20) + b"[]]", b"[" + b'"ab",' * (3 << 20) + b"0]", b"[" * (10 << 20)],
    ids=["lists", "texts", "nested"],
)
def test_json_that_becomes_many_times_larger_costs_no_memory(packed, content):
    folder = packed[1]
    (folder / "spec.json").write_bytes(content)
    assert peak_of(read_spec, folder, "holds more values|nested too deeply") < 64 << 20


def test_a_zip_of_a_million_members_is_not_read(tmp_path):
    path = tmp_path / "many.zip"
    record = b"PK\1\2" + bytes(42)
    entries = record * (9 << 20 >> 5)
    end = b"PK\5\6" + bytes(6) + b"\1\0" + len(entries).to_bytes(4, "little") + bytes(6)
    path.write_bytes(entries + end)
    assert peak_of(read_spec, path, "lists members in") < 1 << 20


def test_a_zip_with_damaged_bytes_is_a_sentence(packed, tmp_path):
    whole = packed[0].read_bytes()
    with zipfile.ZipFile(packed[0]) as archive:
        (spec,) = (info for info in archive.infolist() if info.filename.endswith("/spec.json"))
    start = spec.header_offset + 100
    for place in range(start, spec.header_offset + spec.compress_size, 97):
        damaged = whole[:place] + b"\xff\0\xff\0" + whole[place + 4 :]
        (tmp_path / "spec.zip").write_bytes(damaged)
        with pytest.raises(ArtifactError):
            read_spec(tmp_path / "spec.zip")
