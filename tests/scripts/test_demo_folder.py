"""The demo's dataset, run again: images of two folders are not mixed, and choices stay."""

import fiftyone as fo
import pytest
from gapsphere.plugin.dataset.store.fields.appearance import (
    GAPS_VIEW,
    PICKS_VIEW,
    colour_samples,
    save_views,
)
from gapsphere.plugin.errors import InputError
from gapsphere.scripts.cli.demo import _refuse_others


@pytest.fixture
def made(tmp_path):
    dataset = fo.Dataset()
    dataset.add_sample(
        fo.Sample(
            str(tmp_path / "one/U/a.jpg"),
            tags=["kcenter"],
            is_gap=True,
            dist_to_S=0.5,
            kcenter_rank=1,
        )
    )
    yield dataset
    dataset.delete()


def test_images_of_another_clone_are_refused(made, tmp_path):
    _refuse_others(made, tmp_path / "one")
    with pytest.raises(InputError, match=r"another folder, such as .*a\.jpg.*datasets delete"):
        _refuse_others(made, tmp_path / "on")


def test_colours_fields_and_views_that_a_person_edited_stay(made):
    colour_samples(made)
    save_views(made)
    assert made.app_config.color_scheme.fields[0]["path"] == "is_gap"
    assert set(made.list_saved_views()) == {PICKS_VIEW, GAPS_VIEW}
    made.app_config.color_scheme.fields[0]["path"] = "tags"
    made.app_config.active_fields = fo.ActiveFields(paths=["tags"], exclude=False)
    made.save_view(PICKS_VIEW, made.limit(1), overwrite=True)
    made.delete_saved_view(GAPS_VIEW)
    colour_samples(made)
    save_views(made)
    made.reload()
    assert made.app_config.color_scheme.fields[0]["path"] == "tags"
    assert made.app_config.active_fields.paths == ["tags"]
    assert "Limit" in str(made.load_saved_view(PICKS_VIEW))
    assert len(made.load_saved_view(GAPS_VIEW)) == 1
