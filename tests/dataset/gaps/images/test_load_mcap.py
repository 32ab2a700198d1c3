"""MCAP recordings become samples."""

import fiftyone as fo
import pytest
from fiftyone import ViewField as F
from gapsphere.plugin.dataset.gaps.images.load import load_images
from gapsphere.plugin.errors import InputError
from gapsphere.tests.support.made_recording import START, Recorder, jpeg, write


def test_a_recording_of_several_cameras_is_one_drive(dataset, tmp_path, make_images):
    path = tmp_path / "day1" / "drive.mcap"
    path.parent.mkdir()
    with Recorder(path, "ros2") as recorder:
        for second in range(3):
            recorder.fix(START + second * 10**9, 48.5, 11.25 + second)
            for camera in ("/front", "/rear"):
                recorder.picture(START + second * 10**9, jpeg(second), topic=camera)
    make_images("day1", 2)
    loaded = load_images(dataset, pool=str(tmp_path / "day1"), camera_topics="/front,/rear")
    assert loaded.added["U"] == 8
    frames = dataset.match(F("camera") == "/rear")
    assert dataset.count_values("camera") == {"/front": 3, "/rear": 3, None: 2}
    assert set(frames.values("sequence")) == {"day1/drive.mcap"}
    assert frames.values("frame_number") == [0, 1, 2]
    assert frames.values("timestamp") == [0.0, 1.0, 2.0]
    assert frames.values("location.point") == [[11.25 + second, 48.5] for second in range(3)]
    assert frames.first().recorded_at.timestamp() == START / 1e9
    again = load_images(dataset, pool=str(path), frames_per_second=2.0)
    assert (again.added["U"], again.known["U"]) == (0, 6)


@pytest.mark.parametrize("source", ["glob", "list", "csv", "upper"])
def test_recordings_are_named_in_every_way_that_videos_are(dataset, tmp_path, source):
    write(tmp_path / "a" / "x.mcap", "ros1", seconds=2)
    write(tmp_path / "b" / "x.mcap", "json", seconds=3)
    if source == "csv":
        (tmp_path / "m.csv").write_text("filename,split,wet\na/x.mcap,S,true\nb/x.mcap,U,false\n")
        load_images(dataset, csv=str(tmp_path / "m.csv"))
        assert dataset.count_values("wet") == {True: 2, False: 3}
    elif source == "upper":
        (tmp_path / "a" / "x.mcap").rename(tmp_path / "a" / "X.MCAP")
        load_images(dataset, str(tmp_path / "a"), str(tmp_path / "b"))
    else:
        paths = [tmp_path / "a" / "x.mcap", tmp_path / "b" / "x.mcap"]
        load_images(dataset, pool=paths if source == "list" else str(tmp_path / "*" / "*.mcap"))
    assert sorted(dataset.count_values("sequence").values()) == [2, 3]


def test_what_is_wrong_with_a_recording_is_said_and_the_rest_loaded(dataset, tmp_path):
    write(tmp_path / "a.mcap", "ros2")
    write(tmp_path / "b.mcap", "ros2", seconds=9, chunk_size=2000)
    content = (tmp_path / "b.mcap").read_bytes()
    (tmp_path / "b.mcap").write_bytes(content[: len(content) // 2])
    (tmp_path / "c.mcap").write_bytes(b"no recording")
    loaded = load_images(dataset, pool=str(tmp_path))
    assert 3 < loaded.added["U"] < 12
    assert "1 unreadable recording (c.mcap)" in str(loaded)
    assert "b.mcap is cut off after" in str(loaded)
    assert "c.mcap is not an MCAP recording" in str(loaded)
    with pytest.raises(InputError, match=r"its cameras: /cam/image"):
        load_images(dataset, pool=str(tmp_path / "a.mcap"), camera_topics="/cam7")


@pytest.mark.parametrize("name", ["x.bag", "x.db3"])
def test_recordings_of_other_kinds_say_how_they_become_mcap(dataset, tmp_path, name):
    (tmp_path / name).write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(InputError, match="turn it into MCAP first"):
        load_images(dataset, pool=str(tmp_path / name))


@pytest.mark.parametrize("name", ["camera", "location", "timestamp", "recorded_at"])
def test_a_field_of_another_kind_is_refused_before_anything_is_written(dataset, tmp_path, name):
    write(tmp_path / "a.mcap", "ros2")
    dataset.add_sample_field(name, fo.ListField)
    with pytest.raises(InputError, match=f"a field '{name}' of its own, a ListField"):
        load_images(dataset, pool=str(tmp_path / "a.mcap"))
    assert len(dataset) == 0
