"""The public functions: what ``help``, completion and type checkers see of their settings."""

import inspect

import gapsphere
import pytest
from gapsphere.plugin.errors import GapsphereError, InputError

FUNCTIONS = [name for name in dir(gapsphere) if name not in ("__version__", "register")]


FIRST_VERSION = {
    "load_images",
    "tag_samples",
    "compute_embeddings",
    "compute_coverage",
    "select_kcenter",
    "compute_sphere",
    "place_on_sphere",
    "find_gaps",
    "compute_heatmaps",
    "export_artifacts",
    "import_artifacts",
    "export_visual_spec",
    "check_spec",
    "import_feature_cache",
    "export_reviews",
    "rank_gaps_by_failures",
    "import_sparse_recording",
    "simulate_adaptive_sampling",
    "train_sparse_transformer",
}


def test_every_function_of_the_first_version_is_there():
    assert set(FUNCTIONS) >= FIRST_VERSION
    assert all(callable(getattr(gapsphere, name)) for name in FUNCTIONS)


def test_find_gaps_shows_every_setting_with_type_and_default():
    shown = inspect.signature(gapsphere.find_gaps).parameters
    assert {"samples", "k", "delta", "metric", "model", "progress", "suffix"} <= set(shown)
    assert (shown["k"].annotation, shown["k"].default) == ("int", 100)
    assert shown["metric"].annotation == "Literal['cosine', 'euclidean']"
    assert "k: int = 100" in str(inspect.signature(gapsphere.find_gaps))


def test_help_describes_every_setting_with_its_unit_and_range():
    text = inspect.getdoc(gapsphere.find_gaps)
    assert "memory_mb : int, default 512\n    Memory for one block of distances, in MiB; 16" in text
    assert "delta : float | None, default None" in text
    assert ">>> print(gapsphere.find_gaps(dataset, k=100))" in text
    for name in inspect.signature(gapsphere.find_gaps).parameters:
        assert f"\n{name} : " in text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_public_function_hides_its_arguments(name):
    function = getattr(gapsphere, name)
    kinds = {part.kind for part in inspect.signature(function).parameters.values()}
    assert not kinds & {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    assert not {"params", "report"} & set(inspect.signature(function).parameters)


def test_an_unknown_argument_suggests_the_nearest():
    with pytest.raises(InputError, match="Unknown argument 'matric': did you mean 'metric'"):
        gapsphere.find_gaps(None, matric="cosine")
    with pytest.raises(InputError, match="did you mean 'progress'"):
        gapsphere.find_gaps(None, progres=False)
    with pytest.raises(TypeError, match="samples"):
        gapsphere.find_gaps(k=3)


def test_an_invalid_value_is_refused_whether_it_is_named_or_not():
    with pytest.raises(InputError, match="k: Input should be greater"):
        gapsphere.find_gaps(None, k=0)
    with pytest.raises(InputError, match="output: Input should be a valid string"):
        gapsphere.export_visual_spec(None, 3)


def test_folders_may_be_paths(tmp_path):
    import fiftyone as fo

    dataset = fo.Dataset()
    with pytest.raises(GapsphereError, match="nowhere has no"):
        gapsphere.import_artifacts(dataset, tmp_path / "nowhere")
    dataset.delete()
