import json
import os
import shutil
import unicodedata
from urllib.parse import quote

import av
import fiftyone as fo
import numpy as np
import pytest
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.dataset.gaps.images.tagging import tag_samples
from gapsphere.plugin.dataset.rationales.import_cache import import_feature_cache
from gapsphere.plugin.dataset.store.sets.tagged import tagged_by
from gapsphere.plugin.errors import ArtifactError, Cancelled, EmptySetError, ImageError, InputError
from gapsphere.plugin.settings.rationales import FeatureCacheParams
from PIL import Image


def test_two_folders_become_samples_tagged_s_and_u(dataset, make_images):
    loaded = load_images(dataset, make_images("owned", 5), make_images("pool", 3))
    assert loaded.added == {"S": 5, "U": 3}
    assert len(dataset.match_tags("S")) == 5
    assert len(dataset.match_tags("U")) == 3
    assert set(dataset.values("metadata.width")) == {32}


def test_loading_again_adds_only_what_is_new(dataset, make_images):
    load_images(dataset, make_images("owned", 5))
    again = load_images(dataset, make_images("owned", 7))
    assert (again.added, again.known) == ({"S": 2, "U": 0}, {"S": 5, "U": 0})
    assert len(dataset) == 7


def test_a_known_image_named_in_the_other_set_moves_there(dataset, make_images):
    folder = make_images("pool", 4)
    load_images(dataset, pool=folder)
    moved = load_images(dataset, owned=[folder / "pool_001.png"])
    assert moved.moved == {"S": 1, "U": 0}
    assert dataset.match_tags("S").values("tags") == [["S"]]
    assert len(dataset.match_tags("U")) == 3


@pytest.mark.parametrize(
    "searched", [str, lambda folder: f"{folder}/*.png", lambda f: f"file://{f}"]
)
def test_an_image_that_a_person_made_owned_stays_so_when_its_folder_is_loaded_again(
    dataset, make_images, searched
):
    folder = make_images("pool", 4)
    load_images(dataset, pool=folder)
    dataset.limit(1).untag_samples("U")
    dataset.limit(1).tag_samples("S")
    make_images("pool", 5)
    again = load_images(dataset, pool=searched(folder))
    assert (again.added["U"], again.moved["U"], again.stayed) == (1, 0, 1)
    assert "1 image of the pool stayed in S" in str(again)
    assert dataset.values("tags") == [["S"], *[["U"]] * 4]
    named = load_images(dataset, pool=[folder / "pool_000.png"])
    assert (named.moved["U"], named.stayed) == (1, 0)


def test_tags_that_are_read_only_stop_what_would_change_them_before_anything_is_written(
    dataset, make_images
):
    folder = make_images("pool", 2)
    load_images(dataset, pool=folder)
    field = dataset.get_field("tags")
    field.read_only = True
    field.save()
    again = load_images(dataset, pool=make_images("pool", 3))
    assert (again.known["U"], again.added["U"]) == (2, 1)
    assert tag_samples(dataset, pool="U") == {"U": 3}
    with pytest.raises(InputError, match="The field 'tags' is read-only"):
        load_images(dataset, folder, make_images("others", 2))
    with pytest.raises(InputError, match="The field 'tags' is read-only"):
        tag_samples(dataset, owned="U")
    assert len(dataset) == 3


def test_a_view_stands_for_its_dataset(dataset, make_images):
    folder = make_images("S", 3)
    load_images(dataset, folder)
    again = load_images(dataset.limit(1), folder, make_images("U", 2))
    assert (again.known, again.added, len(dataset)) == ({"S": 3, "U": 0}, {"S": 0, "U": 2}, 5)


def test_globs_lists_and_json_name_images(dataset, make_images, tmp_path):
    folder = make_images("pool", 4)
    listing = tmp_path / "list.json"
    listing.write_text(json.dumps(["pool/pool_000.png", str(folder / "pool_001.png")]))
    load_images(dataset, owned=str(listing), pool=str(folder / "*_00[23].png"))
    assert [len(dataset.match_tags(tag)) for tag in "SU"] == [2, 2]


def test_a_csv_gives_splits_and_typed_fields(dataset, make_images, tmp_path):
    make_images("pool", 3)
    (tmp_path / "m.csv").write_text(
        "filename,split,sequence,frame,speed,wet\n"
        "pool/pool_000.png,S,0007,3,1.5,true\n"
        "pool/pool_001.png,U,0007,4,,false\n"
        "pool/pool_002.png,U,0008,5,2,\n"
    )
    load_images(dataset, csv=str(tmp_path / "m.csv"))
    assert dataset.values("sequence") == ["0007", "0007", "0008"]
    assert dataset.values("frame_number") == [3, 4, 5]
    assert dataset.values("speed") == [1.5, None, 2.0]
    assert dataset.values("wet") == [True, False, None]
    assert [len(dataset.match_tags(tag)) for tag in "SU"] == [1, 2]


def test_a_csv_row_without_a_known_split_is_refused(dataset, tmp_path):
    (tmp_path / "m.csv").write_text("filename,split\na.png,train\n")
    with pytest.raises(ArtifactError, match=r"row 2.*split 'train'"):
        load_images(dataset, csv=str(tmp_path / "m.csv"))


def test_an_image_that_is_both_owned_and_candidate_is_refused(dataset, make_images):
    folder = make_images("pool", 2)
    with pytest.raises(InputError, match="2 images are listed as both S and U"):
        load_images(dataset, folder, folder)
    assert len(dataset) == 0


def test_a_file_without_an_image_header_is_loaded_and_told(dataset, make_images):
    folder = make_images("pool", 2)
    (folder / "broken.jpg").write_bytes(b"no image")
    loaded = load_images(dataset, pool=f"file://{folder}")
    assert loaded.unreadable == [str(folder / "broken.jpg")]
    assert "broken.jpg" in str(loaded)


def test_missing_and_empty_sources_are_sentences(dataset, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_images(dataset, str(tmp_path / "nowhere"))
    for address in ("s3://bucket/pool", "gs://bucket/*.png", "s3://bucket/서울"):
        with pytest.raises(InputError, match=r"is an address\. Remote paths .* mount .* download"):
            load_images(dataset, pool=address)
    with pytest.raises(EmptySetError, match="holds no image"):
        load_images(dataset, str(tmp_path))
    with pytest.raises(InputError, match="Give images to load"):
        load_images(dataset)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda other: other, "tag_samples makes samples S and U"),
        (lambda other: other.limit(1), "tag_samples makes samples S and U"),
        (lambda other: other.to_patches("things"), "tag_samples makes samples S and U"),
        (lambda other: [other.first()], "Sample values name no file"),
        (lambda other: [b"/a.png"], "bytes values name no file"),
        (lambda other: 7, "int values name no file"),
    ],
)
@pytest.mark.parametrize("role", ["owned", "pool"])
def test_what_names_no_file_is_refused_in_a_sentence(dataset, make, said, role):
    other = fo.Dataset()
    box = fo.Detection(label="car", bounding_box=[0, 0, 0.5, 0.5])
    other.add_sample(fo.Sample("/made/a.png", things=fo.Detections(detections=[box])))
    with pytest.raises(InputError, match=said):
        load_images(dataset, **{role: make(other)})
    assert not len(dataset)
    other.delete()


@pytest.fixture
def make_video(tmp_path):
    """``make_video("day1/front.mp4")`` writes two seconds of video, of a brightness of its own."""

    def make(name, level=0):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as video:
            stream = video.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for index in range(20):
                pixels = np.full((48, 64, 3), level + index * 6, np.uint8)
                video.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            video.mux(stream.encode())
        return str(path)

    return make


def test_a_video_becomes_ordered_frames(dataset, make_video):
    path = make_video("day1/drive one.mp4")
    load_images(dataset, pool=path, frames_per_second=2.0)
    assert dataset.values("sequence") == ["day1/drive one.mp4"] * 4
    assert dataset.values("frame_number") == sorted(dataset.values("frame_number"))
    load_images(dataset, pool=path, frames_per_second=2.0)
    assert len(dataset) == 4


def test_a_stop_in_the_middle_of_a_video_stops_and_a_rerun_goes_on(dataset, make_video, tmp_path):
    make_video("a.mp4"), make_video("b.mp4", 40)

    def stop(done: int, total: int) -> None:
        assert total == 20
        if done == 8:
            raise Cancelled

    with pytest.raises(Cancelled):
        load_images(dataset, pool=str(tmp_path), progress=stop)
    assert not len(dataset)
    assert load_images(dataset, pool=str(tmp_path)).left_out.counts == {}
    assert len(dataset) == 4


def test_videos_of_one_name_in_two_folders_are_two_drives(dataset, make_video, tmp_path):
    for number, name in enumerate(["day1/front.mp4", "day2/front.mp4", "day2/rear.mp4"]):
        make_video(f"s/{name}", 20 * number)
    make_video("u/day2/front.mp4", 60)
    load_images(dataset, str(tmp_path / "s"), str(tmp_path / "u"), frames_per_second=1.0)
    drives = {"day1/front.mp4", "s/day2/front.mp4", "day2/rear.mp4", "u/day2/front.mp4"}
    assert dataset.count_values("sequence") == dict.fromkeys(drives, 2)


def test_a_name_that_another_video_has_already_is_not_given_again(dataset, make_video):
    first, second = make_video("a/day1/front.mp4"), make_video("b/day1/front.mp4", 40)
    load_images(dataset, pool=first, frames_per_second=1.0)
    load_images(dataset, pool=second, frames_per_second=1.0)
    assert set(dataset.values("sequence")) == {"day1/front.mp4", "b/day1/front.mp4"}
    load_images(dataset, pool=[second, first], frames_per_second=1.0)  # both known: nothing new
    assert dataset.count_values("sequence") == {"day1/front.mp4": 2, "b/day1/front.mp4": 2}


def test_a_video_whose_frames_have_a_name_keeps_it(dataset, make_video):
    path = make_video("day1/front.mp4")
    load_images(dataset, pool=path, frames_per_second=1.0)
    dataset.set_values("sequence", ["front"] * 2)  # as earlier versions called it, or the user does
    files = set(dataset.values("filepath"))
    again = load_images(dataset, pool=path, frames_per_second=2.0)
    assert (again.added["U"], again.known["U"]) == (2, 2)
    assert set(dataset.values("sequence")) == {"front"}
    assert files < set(dataset.values("filepath"))


def test_a_renamed_recording_goes_on_where_its_frames_are(dataset, make_video, tmp_path):
    load_images(dataset, pool=make_video("day1/front.mp4"), frames_per_second=1.0)
    (tmp_path / "day1").rename(tmp_path / "monday")
    (tmp_path / "monday" / "front.mp4").rename(tmp_path / "monday" / "camera 1.mp4")
    again = load_images(dataset, pool=str(tmp_path / "monday"), frames_per_second=2.0)
    assert (again.added["U"], again.known["U"]) == (2, 2)
    assert set(dataset.values("sequence")) == {"day1/front.mp4"}


def test_all_frames_of_a_recording_go_where_it_goes_whatever_the_rate(
    dataset, make_video, tmp_path
):
    path = make_video("day1/front.mp4")
    make_video("day2/front.mp4", 40)
    load_images(dataset, str(tmp_path), frames_per_second=2.0)
    (tmp_path / "m.csv").write_text("filename,split,weather\nday1/front.mp4,U,rain\n")
    moved = load_images(dataset, csv=str(tmp_path / "m.csv"), frames_per_second=1.0)
    assert (moved.added["U"], moved.known["U"], moved.moved["U"]) == (0, 4, 4)
    one = dataset.match_tags("U")
    assert one.count_values("sequence") == {"day1/front.mp4": 4}
    assert one.count_values("weather") == {"rain": 4}
    assert len(dataset.match_tags("S")) == 4
    assert load_images(dataset, path, frames_per_second=4.0).moved["S"] == 4
    assert dataset.count_sample_tags() == {"S": 12}


def test_a_copy_of_a_recording_counts_once_and_is_said(dataset, make_video, tmp_path):
    make_video("day1/front.mp4")
    shutil.copytree(tmp_path / "day1", tmp_path / "backup")
    loaded = load_images(dataset, pool=str(tmp_path), frames_per_second=1.0)
    assert loaded.added["U"] == 2
    assert "1 repeated recording (front.mp4)" in str(loaded)
    with pytest.raises(InputError, match="both S and U"):
        load_images(dataset, str(tmp_path / "day1"), str(tmp_path / "backup"))


def test_a_video_in_a_csv_gives_its_row_to_its_frames(dataset, make_video, make_images, tmp_path):
    make_video("day1/front.mp4"), make_video("day2/front.mp4", 40), make_images("pool", 1)
    (tmp_path / "m.csv").write_text(
        "filename,split,weather,sequence\n"
        "day1/front.mp4,S,rain,Monday\nday2/front.mp4,U,sun,\npool/pool_000.png,U,fog,x\n"
    )
    load_images(dataset, csv=str(tmp_path / "m.csv"), frames_per_second=1.0)
    assert dataset.count_values("weather") == {"rain": 2, "sun": 2, "fog": 1}
    assert dataset.count_values("sequence") == {"Monday": 2, "day2/front.mp4": 2, "x": 1}


def test_a_recording_that_cannot_be_read_is_named(dataset, make_video, tmp_path):
    make_video("good.mp4")
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    (tmp_path / "empty.mp4").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    loaded = load_images(dataset, pool=str(tmp_path), frames_per_second=1.0)
    assert loaded.added["U"] == 2
    assert "2 unreadable recordings (" in str(loaded)
    assert "1 named pipe (pipe.mp4)" in str(loaded)
    with pytest.raises(ImageError, match=r"bad\.mp4"):
        load_images(dataset, pool=str(tmp_path / "bad.mp4"))


def test_folders_in_lists_and_globs_are_walked(dataset, make_images, tmp_path):
    make_images("day1", 2), make_images("day2", 3), make_images("night", 4)
    (tmp_path / "day.txt").touch()
    loaded = load_images(dataset, [tmp_path / "night"], str(tmp_path / "day*"))
    assert loaded.added == {"S": 4, "U": 5}
    assert loaded.left_out.counts == {".txt": 1}


def test_a_file_known_under_another_folder_is_not_added_again(dataset, make_images, tmp_path):
    folder = make_images("nas", 3)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "drive").symlink_to(folder)
    for source in ("mine", "nas", "mine"):
        load_images(dataset, pool=str(tmp_path / source))
        assert len(dataset) == 3
    with pytest.raises(InputError, match="both S and U"):
        load_images(dataset, str(tmp_path / "nas"), str(tmp_path / "mine"))


TABLES = {
    "m.csv": "filename,split\na.png,U\nb.png,U\n",
    "l.json": '["a.png", "b.png"]',
    "metadata.csv": "file_name\na.png\nb.png\n",
}


@pytest.mark.parametrize("way", ["snapshots/abc", "named"])
@pytest.mark.parametrize("name", TABLES)
def test_names_count_from_where_a_table_was_named_and_not_from_its_blob(
    dataset, tmp_path, name, way
):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "abc"
    blobs.mkdir(), snapshot.mkdir(parents=True)
    (tmp_path / "named").symlink_to(snapshot)
    for level, image in enumerate(("a.png", "b.png")):
        Image.new("L", (8, 8), level).save(blobs / image)
        (blobs / image).rename(blobs / f"0a{level}")
        (snapshot / image).symlink_to(f"../../blobs/0a{level}")
    (blobs / "0b").write_text(TABLES[name])
    (snapshot / name).symlink_to("../../blobs/0b")
    named = tmp_path / way
    if name == "metadata.csv":
        params = FeatureCacheParams(cache_dir=str(named), image_dir=str(named))
        import_feature_cache(dataset, params)
    elif name == "m.csv":
        load_images(dataset, csv=str(named / name))
    else:
        load_images(dataset, pool=str(named / name))
    folders, names = zip(*map(os.path.split, dataset.values("filepath")), strict=True)
    assert names == ("a.png", "b.png")
    assert {os.path.realpath(folder) for folder in folders} == {str(snapshot)}


@pytest.mark.parametrize("source", ["named", "csv"])
def test_a_pipe_in_place_of_a_list_is_a_sentence(dataset, tmp_path, source):
    os.mkfifo(tmp_path / "list.csv")
    given = {"csv": str(tmp_path / "list.csv")}
    with pytest.raises(ArtifactError, match="is a named pipe"):
        load_images(dataset, **(given if source == "csv" else {"pool": given["csv"]}))


def test_samples_already_there_become_s_and_u(dataset, make_images):
    load_images(dataset, pool=make_images("pool", 6))
    dataset.set_values("split", ["train"] * 4 + ["new"] * 2)
    counts = tag_samples(dataset, "field:split=train", "field:split=new")
    assert counts == {"S": 4, "U": 2}
    assert sorted(map(tuple, dataset.values("tags"))) == [("S",)] * 4 + [("U",)] * 2


def test_a_table_that_tells_anew_who_is_owned_frees_the_field_that_told_it_before(
    dataset, make_images, tmp_path
):
    load_images(dataset, pool=make_images("pool", 4))
    dataset.set_values("weather", ["dry", "dry", "rain", "rain"])
    tag_samples(dataset, "field:weather=dry", "field:weather=rain")
    assert tagged_by(dataset) == {"S": ["weather"], "U": ["weather"]}
    rows = [f"pool/pool_00{n}.png,{split}" for n, split in enumerate("SUSU")]
    for told in (rows[:2], rows):
        (tmp_path / "m.csv").write_text("\n".join(["filename,split", *told]))
        load_images(dataset, csv=str(tmp_path / "m.csv"))
        assert bool(tagged_by(dataset)) == (told != rows)


@pytest.fixture
def load_csv(dataset, make_images, tmp_path):
    """``load_csv(text)`` loads a CSV beside the images ``0.png`` to ``3.png`` in ``i/``."""
    folder = make_images("i", 4)
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"{number}.png")

    def load(text, **settings):
        (tmp_path / "m.csv").write_text(text, encoding="utf-8")
        return load_images(dataset, csv=str(tmp_path / "m.csv"), **settings)

    return load


def test_a_table_loaded_again_updates_what_differs_and_says_how_much(dataset, load_csv):
    load_csv("filename,split,speed\ni/0.png,S,1\ni/1.png,U,2\n")
    dataset.set_values("mine", ["a", "b"])
    again = load_csv(
        "filename,split,speed,sequence\ni/0.png,S,1,d1\ni/1.png,U,5,d2\ni/2.png,U,7,d2\n"
    )
    assert dataset.values("speed") == [1, 5, 7]
    assert dataset.values("sequence") == ["d1", "d2", "d2"]
    assert dataset.values("mine") == ["a", "b", None]
    assert again.changed.counts == {"speed": 1, "sequence": 2}
    assert "updated 2 fields of 2 samples (sequence of 2, speed of 1)" in str(again)
    assert not load_csv(
        "filename,split,speed,sequence\ni/0.png,S,1,d1\ni/1.png,U,5,d2\n"
    ).changed.samples


def test_a_table_loaded_twice_is_read_as_it_was_the_first_time(dataset, load_csv):
    rows = ["i/0.png,S,000001,nan,inf,-inf", "i/1.png,S,2.0,d1,1,true", "i/2.png,U,NA,007,2,false"]
    text = "filename,split,frame,sequence,n,b\n" + "\n".join(rows)
    first = load_csv(text)
    again = load_csv(text)
    assert again.known == {"S": 2, "U": 1}
    assert not again.changed.samples
    assert again.notes == first.notes
    assert dataset.values("frame_number") == [1, 2, None]
    assert dataset.values("sequence") == [None, "d1", "007"]
    assert dataset.values("n") == [None, 1, 2]
    assert dataset.values("b") == [None, True, False]


def test_a_table_beside_a_folder_tells_of_the_files_of_the_folder(dataset, make_images, tmp_path):
    folder = make_images("S", 3)
    (tmp_path / "m.csv").write_text("filename,split,weather\nS/S_001.png,S,rain\n")
    load_images(dataset, folder, csv=str(tmp_path / "m.csv"))
    assert dataset.values("weather") == [None, "rain", None]
    assert len(dataset) == 3


def test_an_update_can_be_turned_off_and_says_what_it_left(dataset, load_csv):
    load_csv("filename,split,speed\ni/0.png,S,1\ni/1.png,U,2\n")
    again = load_csv("filename,split,speed\ni/0.png,S,3\ni/1.png,U,2\n", update_known=False)
    assert dataset.values("speed") == [1, 2]
    assert "not updated, though the table says otherwise: 1 field of 1 sample" in str(again)


@pytest.mark.parametrize("cell", ["", "NA", "nan"])
def test_a_missing_value_in_a_table_clears_nothing(dataset, load_csv, cell):
    load_csv("filename,split,speed\ni/0.png,S,1\ni/1.png,U,2\n")
    load_csv(f"filename,split,speed\ni/0.png,S,{cell}\ni/1.png,U,3\n")
    assert dataset.values("speed") == [1, 3]


@pytest.mark.parametrize(("written", "held"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_a_name_is_found_whichever_form_of_unicode_the_disk_has(
    dataset, load_csv, tmp_path, written, held
):
    folder = tmp_path / unicodedata.normalize("NFC", "서울")
    folder.mkdir()
    file = folder / unicodedata.normalize(held, "한강é.png")
    os.rename(tmp_path / "i" / "0.png", file)
    name = unicodedata.normalize(written, "서울/한강é.png")
    loaded = load_csv(f"filename,split\n{name},S\ni/1.png,U\n")
    assert dataset.match_tags("S").values("filepath") == [str(file)]
    assert "another form of Unicode (NFC, NFD): 1" in str(loaded)
    assert load_csv(f"filename,split\n{name},S\ni/1.png,U\n").known == {"S": 1, "U": 1}
    given = tmp_path / unicodedata.normalize("NFD", "서울")
    for source in (given, given / "*.png"):
        assert load_images(dataset, str(source)).known["S"] == 1
    (tmp_path / "metadata.csv").write_text(f"file_name\n{name}\n", encoding="utf-8")
    params = FeatureCacheParams(cache_dir=str(tmp_path), image_dir=str(tmp_path))
    assert import_feature_cache(dataset, params).updated == 1  # the sample of that file


def test_a_name_with_a_null_character_is_a_file_that_is_not_here(dataset, load_csv):
    loaded = load_csv("filename,split\ni\0/0.png,S\ni/0.png,S\ni/1.png,U\n")
    assert loaded.left_out.counts == {"missing files": 1}


def test_a_moved_image_is_told_and_a_set_is_never_changed_by_a_column(dataset, load_csv):
    load_csv("filename,split\ni/0.png,S\ni/1.png,U\n")
    moved = load_csv("filename,split\ni/0.png,U\ni/1.png,U\n")
    assert "U: 0 added, 2 already there, 1 moved here from the other set" in str(moved)


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        (("1", "2"), ("3.0", "NA"), [1, 2, 3, None]),
        (("1.5", "2.5"), ("1", "2"), [1.5, 2.5, 1.0, 2.0]),
        (("front", "rear"), ("1", "007"), ["front", "rear", "1", "007"]),
        (("true", "false"), ("1", "0"), [True, False, True, False]),
    ],
)
def test_a_second_table_takes_the_types_of_the_first(dataset, load_csv, first, second, values):
    load_csv("filename,split,v\ni/0.png,S,{}\ni/1.png,U,{}\n".format(*first))
    load_csv("filename,split,v\ni/2.png,S,{}\ni/3.png,U,{}\n".format(*second))
    assert dataset.values("v") == values
    assert {type(v) for v in dataset.values("v")} - {type(None)} == {type(values[0])}


@pytest.mark.parametrize(
    ("first", "second"), [("1", "front"), ("1.5", "fast"), ("true", "maybe"), ("2", "2.5")]
)
def test_a_second_table_that_does_not_fit_changes_nothing(dataset, load_csv, first, second):
    load_csv(f"filename,split,v\ni/0.png,S,{first}\ni/1.png,U,\n")
    with pytest.raises(ArtifactError, match=f"row 3: '{second}' in the column 'v'"):
        load_csv(f"filename,split,v,more\ni/0.png,U,,1\ni/3.png,U,{second},1\n")
    assert len(dataset) == 2
    assert not dataset.has_field("more")
    assert dataset.values("tags") == [["S"], ["U"]]


def test_a_file_in_two_rows_counts_once_and_the_difference_is_told(dataset, load_csv):
    loaded = load_csv(
        "filename,split,speed\ni/0.png,S,1\ni/1.png,U,2\ni/1.png,U,7\n./i/0.png,S,1\n"
    )
    assert dataset.values("speed") == [1, 2]
    said = "rows of a file that an earlier row has, which counts: 2; 1 differ"
    assert f"{said}: 1.png (rows 3 and 4: speed)" in str(loaded)


def test_paths_of_windows_are_read_where_the_files_are_here(dataset, load_csv):
    loaded = load_csv("filename,split\ni\\0.png,S\n.\\i\\1.png,U\n")
    assert "paths whose backslashes were read as slashes: 2" in str(loaded)
    load_csv("filename,split\ni/0.png,S\ni/1.png,U\n")
    assert [path.rsplit("/", 2)[1:] for path in dataset.values("filepath")] == [
        ["i", "0.png"],
        ["i", "1.png"],
    ]


@pytest.mark.parametrize("name", ["i/a b%.png", "i/ü#1.png", "i/x%20y.png"])
def test_paths_that_went_through_a_web_page_are_read_where_the_files_are_here(
    dataset, load_csv, tmp_path, name
):
    os.rename(tmp_path / "i" / "0.png", tmp_path / name)
    loaded = load_csv(f"filename,split\n{quote(name)},S\ni/1.png,U\n")
    assert "paths in which %20 and the like were decoded: 1" in str(loaded)
    assert dataset.match_tags("S").values("filepath") == [str(tmp_path / name)]
    again = load_csv(f"filename,split\n{name},S\ni/1.png,U\n")
    assert "%20" not in str(again).replace(name, "")
    assert len(dataset) == 2


ELSEWHERE = [
    ("i\\9.png", "backslashed path"),
    ("C:\\drive\\0.png", "Windows path"),
    ("D:/drive/0.png", "Windows path"),
    ("\\\\server\\drive\\0.png", "Windows path"),
    ("s3://bucket/0.png", "cloud or web link"),
    ("gs://bucket/0.png", "cloud or web link"),
    ("https://host/0.png", "cloud or web link"),
    ("i/9.png", "missing file"),
    ("/nowhere/9.png", "missing file"),
    ("s3://bucket/0.mp4", "cloud or web link"),
]


@pytest.mark.parametrize(("path", "reason"), ELSEWHERE)
@pytest.mark.parametrize("kind", ["csv", "json", "list"])
def test_a_list_of_nothing_that_is_here_is_refused_with_the_reason(
    dataset, load_csv, tmp_path, kind, path, reason
):
    (tmp_path / "l.json").write_text(json.dumps([path]))
    load = {
        "csv": lambda: load_csv(f"filename,split\ni/0.png,S\n{path},U\n"),
        "json": lambda: load_images(dataset, pool=str(tmp_path / "l.json")),
        "list": lambda: load_images(dataset, pool=[path]),
    }[kind]
    with pytest.raises(InputError, match=f"listed as U can be used here .*1 {reason}"):
        load()
    assert len(dataset) == 0


NO_IMAGES = [
    ("notes.txt", "1 .txt"),
    ("0.DNG", "1 .dng"),
    ("cloud.pcd", "1 .pcd"),
    ("scene.fo3d", "1 .fo3d"),
    ("0.png.bak", "1 .bak"),
    ("frame", "1 unknown ending"),
]
"""Files whose ending FiftyOne takes for no image: their samples would be of another media type."""


@pytest.mark.parametrize(("name", "reason"), NO_IMAGES)
def test_a_listed_file_that_is_no_image_is_left_out_before_anything_is_written(
    dataset, load_csv, tmp_path, name, reason
):
    (tmp_path / "i" / name).write_bytes((tmp_path / "i" / "0.png").read_bytes())
    with pytest.raises(InputError, match=f"No image listed as S can be used here .*{reason}"):
        load_csv(f"filename,split\ni/{name},S\ni/1.png,U\n")
    with pytest.raises(InputError, match=f"No image .*{reason}"):
        load_images(dataset, str(tmp_path / "i" / name))
    assert len(dataset) == 0
    loaded = load_csv(f"filename,split\ni/0.png,S\ni/{name},S\ni/1.png,U\n")
    assert loaded.added == {"S": 1, "U": 1}
    assert f"left out: {reason}" in str(loaded)


def test_what_is_not_here_is_left_out_and_counted_by_its_reason(dataset, load_csv):
    rows = "".join(f"{path},U\n" for path, _ in ELSEWHERE)
    loaded = load_csv(f"filename,split\ni/0.png,S\ni/1.png,U\n{rows}")
    assert loaded.added == {"S": 1, "U": 1}
    assert loaded.left_out.counts == {
        "cloud or web links": 4,
        "Windows paths": 3,
        "missing files": 2,
        "backslashed paths": 1,
    }
    assert "4 cloud or web links (0.png, 0.png, 0.png…)" in str(loaded).replace(", …", "…")


def test_a_known_image_whose_file_is_gone_is_still_updated(dataset, load_csv, tmp_path):
    load_csv("filename,split,v\ni/0.png,S,1\ni/1.png,U,1\n")
    (tmp_path / "i" / "0.png").unlink()
    load_csv("filename,split,v\ni/0.png,S,2\ni/1.png,U,1\n")
    assert dataset.values("v") == [2, 1]


def test_an_address_of_a_local_file_is_its_path(dataset, make_images):
    folder = make_images("pool", 1)
    load_images(dataset, pool=[(folder / "pool_000.png").as_uri()])
    assert dataset.values("filepath") == [str(folder / "pool_000.png")]


def test_frames_do_not_go_into_a_field_of_another_type(dataset, make_video):
    dataset.add_sample_field("timestamp", fo.StringField)
    with pytest.raises(InputError, match=r"'timestamp' of its own, a StringField"):
        load_images(dataset, pool=make_video("day1/front.mp4"))


@pytest.mark.parametrize("column", ["timestamp,2024-05-01T08:00:00", "timestamp,3"])
def test_a_table_and_a_recording_give_one_field_one_type(
    dataset, make_video, make_images, tmp_path, column
):
    image, (name, cell) = make_images("owned", 1) / "owned_000.png", column.split(",")
    (tmp_path / "m.csv").write_text(f"filename,split,{name}\n{image},S,{cell}\n")
    video = make_video("day1/front.mp4")
    with pytest.raises(InputError, match=f"The field '{name}' would get .* values"):
        load_images(dataset, csv=str(tmp_path / "m.csv"), pool=video)
    assert (len(dataset), dataset.has_field(name)) == (0, False)


def test_a_recording_that_is_nowhere_here_is_no_image_to_keep(dataset, make_images, tmp_path):
    image = make_images("owned", 1) / "owned_000.png"
    (tmp_path / "m.csv").write_text(f"filename,split\n{image},S\nnowhere/front.mp4,U\n")
    with pytest.raises(InputError, match=r"1 missing file \(front.mp4\)"):
        load_images(dataset, csv=str(tmp_path / "m.csv"), keep_missing=True)
    assert len(dataset) == 0


def test_half_a_sign_in_a_list_is_a_file_that_is_not_here(dataset, make_images, tmp_path):
    image = make_images("owned", 1) / "owned_000.png"
    (tmp_path / "l.json").write_text(json.dumps([str(image), "\ud800.png"]))
    loaded = load_images(dataset, str(tmp_path / "l.json"))
    assert (len(dataset), str(loaded.left_out)) == (1, "left out: 1 missing file (\\ud800.png)")
