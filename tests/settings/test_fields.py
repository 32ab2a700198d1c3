"""How settings are declared, validated and narrowed."""

import subprocess
import sys
from typing import get_origin

import pytest
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.fields import Params, keys_of, make, select, setting, settings_of
from gapsphere.plugin.settings.sparse import SparseParams
from gapsphere.plugin.settings.steps import (
    CoverageParams,
    EmbeddingParams,
    GapParams,
    HeatmapParams,
    KCenterParams,
)
from gapsphere.plugin.settings.yaml import CLASSES


@pytest.mark.parametrize("params", CLASSES)
def test_every_setting_has_a_sentence_and_a_key_of_its_own(params):
    settings = settings_of(params)
    assert all(each.text and each.key for each in settings)
    assert len(keys_of(params)) == len(settings)


@pytest.mark.parametrize("params", CLASSES)
def test_no_number_is_too_large_for_what_it_goes_through(params):
    beyond = {int: 2**70, float: float("inf"), tuple: (2**70,) * 9}
    for each in settings_of(params):
        if number := beyond.get(get_origin(each.kind) or each.kind):
            with pytest.raises(InputError, match=each.name):
                make(params, {each.name: number})


def test_steps_read_their_own_part_of_all_settings():
    settings = make(GapParams, {"k": 7, "metric": "euclidean", "suffix": "b"})
    assert select(KCenterParams, settings) == KCenterParams(k=7, metric="euclidean", suffix="b")
    assert select(CoverageParams, settings).metric == "euclidean"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sky": 1}, "Unknown setting 'sky'"),
        ({"image_sise": 1}, "did you mean 'image_size'"),
        ({"roi": "0,0,1"}, "^roi: Input should be 4 values with commas between them"),
        ({"roi": "0,0,1,1,1"}, "^roi: Input should be 4 values with commas between them"),
        ({"roi": "a,b,c,d"}, "roi"),
        ({"suffix": "a b"}, "suffix"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_a_wrong_value_names_its_setting(values, sentence):
    with pytest.raises(InputError, match=sentence):
        make(EmbeddingParams, values)


def test_a_rule_between_settings_is_a_sentence():
    with pytest.raises(InputError, match=r"^`start` at point and `point` go together"):
        make(HeatmapParams, {"point": "0.5,0.8"})


@pytest.mark.parametrize("text", ["0, 0.25,1,1", "[0, 0.25, 1, 1]"])
def test_a_region_can_be_written_as_text(text):
    assert make(EmbeddingParams, {"roi": text}).roi == (0, 0.25, 1, 1)
    assert make(EmbeddingParams, {"roi": " "}).roi is None


def test_a_declaration_says_its_type_choices_and_limits():
    class Example(Params):
        share: float | None = setting(None, "A share", ge=0, le=1, key="a.share")

    (share,) = settings_of(Example)
    assert (share.kind, share.optional, share.least, share.most) == (float, True, 0, 1)
    assert (share.annotation, share.label, share.flag) == ("float | None", "Share", "--share")
    named = {each.name: each for each in settings_of(SparseParams)}
    assert named["signal"].choices == ("dispersion", "entropy", "error", "gradient")
    assert named["scales"].annotation == "tuple[int, ...]"
    assert named["scales"].written == "1"


def test_settings_need_neither_torch_nor_fiftyone():
    code = (
        "import sys, gapsphere.plugin.settings.yaml; "
        "print([m for m in ('torch', 'fiftyone', 'numba') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
