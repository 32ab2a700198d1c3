"""The demo's dataset and a second clone: images of two folders are not mixed."""

import fiftyone as fo
import pytest
from gapsphere.plugin.errors import InputError
from gapsphere.scripts.cli.demo import _refuse_others


def test_images_of_another_clone_are_refused(tmp_path):
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(str(tmp_path / "one/U/a.jpg")))
    _refuse_others(dataset, tmp_path / "one")
    with pytest.raises(InputError, match=r"another folder, such as .*a\.jpg.*datasets delete"):
        _refuse_others(dataset, tmp_path / "on")
    dataset.delete()
