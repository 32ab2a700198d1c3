import json

import pytest
from gapsphere.plugin.dataset.gaps.load import load_images, tag_samples
from gapsphere.plugin.errors import ArtifactError, EmptySetError, InputError


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
    loaded = load_images(dataset, pool=folder)
    assert loaded.unreadable == [str(folder / "broken.jpg")]
    assert "broken.jpg" in str(loaded)


def test_missing_and_empty_sources_are_sentences(dataset, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        load_images(dataset, str(tmp_path / "nowhere"))
    with pytest.raises(EmptySetError, match="holds no image"):
        load_images(dataset, str(tmp_path))
    with pytest.raises(InputError, match="Give images to load"):
        load_images(dataset)


def test_a_video_becomes_ordered_frames(dataset, tmp_path):
    import av
    import numpy as np

    path = tmp_path / "drive one.mp4"
    with av.open(str(path), "w") as video:
        stream = video.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(20):
            pixels = np.full((48, 64, 3), index * 12, np.uint8)
            video.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        video.mux(stream.encode())
    load_images(dataset, pool=str(path), frames_per_second=2.0)
    assert dataset.values("sequence") == ["drive one"] * 4
    assert dataset.values("frame_number") == sorted(dataset.values("frame_number"))
    load_images(dataset, pool=str(path), frames_per_second=2.0)
    assert len(dataset) == 4


def test_samples_already_there_become_s_and_u(dataset, make_images):
    load_images(dataset, pool=make_images("pool", 6))
    dataset.set_values("split", ["train"] * 4 + ["new"] * 2)
    counts = tag_samples(dataset, "field:split=train", "field:split=new")
    assert counts == {"S": 4, "U": 2}
    assert sorted(map(tuple, dataset.values("tags"))) == [("S",)] * 4 + [("U",)] * 2
