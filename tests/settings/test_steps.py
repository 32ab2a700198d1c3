import pytest
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.steps import (
    CoverageParams,
    EmbeddingParams,
    GapParams,
    KCenterParams,
    Settings,
    keys,
    load_yaml,
    make,
    select,
)

SEED = """
data: {S_dir: /data/S_images, U_dir: /data/U_images}
model: {path: "${INTERNVL2_PATH}"}
inference: {image_size: 448, batch_size: 8, num_workers: 4, precision: bf16}
preprocess: {sky_crop_top_pct: 0.3}
kcenter: {num_select: 100}
distance: {metric: cosine}
umap: {n_neighbors: 30, min_dist: 0.1, metric: cosine}
viz: {mode: spherical, sample_limit: 10000}
viewer: {top_k: 8, metric: cosine, delta_threshold: 0.4, point_limit: 50000, search_space: U}
"""


def write(tmp_path, text):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def test_every_key_of_the_seed_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERNVL2_PATH", "/models/InternVL2-8B")
    values = load_yaml(write(tmp_path, SEED))
    assert values["model_path"] == "/models/InternVL2-8B"
    assert values["sky_crop_top_pct"] == 0.3
    assert (values["k"], values["metric"], values["viz_mode"]) == (100, "cosine", "spherical")
    assert make(Settings, values).owned_images == "/data/S_images"


def test_a_variable_that_is_not_set_leaves_the_default(tmp_path, monkeypatch):
    monkeypatch.delenv("INTERNVL2_PATH", raising=False)
    assert load_yaml(write(tmp_path, SEED))["model_path"] is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kcenter: {picks: 3}", "nobody knows 'kcenter.picks'"),
        ("kcenter: 3", "has to be sections"),
        ("- a", "has to be sections"),
        ("a: [", "cannot be read as YAML"),
        ("kcenter: {num_select: many}", "k: Input should be a valid integer"),
        ("preprocess: {sky_crop_top_pct: 1.5}", "sky_crop_top_pct: Input should be less than 1"),
    ],
)
def test_a_broken_file_is_a_sentence(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        load_yaml(write(tmp_path, text))


def test_an_empty_file_changes_nothing(tmp_path):
    assert load_yaml(write(tmp_path, "")) == {}


def test_no_two_settings_share_a_key():
    with_key = [f for f in Settings.model_fields.values() if f.json_schema_extra["key"]]
    assert len(keys()) == len(with_key)


def test_every_setting_has_a_sentence():
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_steps_read_their_own_part_of_all_settings():
    settings = make(GapParams, {"k": 7, "metric": "euclidean", "suffix": "b"})
    assert select(KCenterParams, settings) == KCenterParams(k=7, metric="euclidean", suffix="b")
    assert select(CoverageParams, settings).metric == "euclidean"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"sky": 1}, "no setting 'sky'"),
        ({"roi": "0,0,1"}, "roi"),
        ({"roi": "a,b,c,d"}, "roi"),
        ({"suffix": "a b"}, "suffix"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_a_wrong_value_names_its_setting(values, sentence):
    with pytest.raises(InputError, match=sentence):
        make(EmbeddingParams, values)


def test_a_region_can_be_written_as_text():
    assert make(EmbeddingParams, {"roi": "0, 0.25,1,1"}).roi == (0, 0.25, 1, 1)
