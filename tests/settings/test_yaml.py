"""The one reader: files, environment variables, sampling groups and dotted overrides."""

import os
from itertools import pairwise

import pytest
from gapsphere.plugin.errors import InputError
from gapsphere.plugin.settings.fields import keys_of, make
from gapsphere.plugin.settings.serving import ServeParams
from gapsphere.plugin.settings.sparse import SimulateParams, SparseParams, SparseTrainParams
from gapsphere.plugin.settings.spec import CheckSpecParams
from gapsphere.plugin.settings.steps import (
    EmbeddingParams,
    GapParams,
    HeatmapParams,
    LoadParams,
    PlotParams,
)
from gapsphere.plugin.settings.viewer import ViewerParams
from gapsphere.plugin.settings.yaml import CLASSES, GROUPS, read
from gapsphere.tests.support.settings import load

SEED = """
data: {S_dir: /data/S_images, U_dir: /data/U_images}
model: {path: "${INTERNVL2_PATH}"}
inference: {image_size: 448, batch_size: 64, num_workers: 4, precision: bf16}
preprocess: {sky_crop_top_pct: 0.3}
kcenter: {num_select: 100}
distance: {metric: cosine}
umap: {n_neighbors: 30, min_dist: 0.1, metric: cosine}
viz: {mode: spherical, sample_limit: 10000}
"""
SEED_SAMPLING = """
sampling:
  pattern: adaptive
  adaptive_sampler:
    importance_ratio: 0.7
    warmup_frames: 5
  importance_calculator:
    epsilon: 1.0e-10
  default_sample_count: 400
training:
  use_amp: true
  steps: 7
"""


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return written


def test_every_key_of_the_seed_is_read(write, monkeypatch):
    monkeypatch.setenv("INTERNVL2_PATH", "/models/InternVL2-8B")
    values = read([LoadParams, GapParams, PlotParams], write(SEED))
    assert values["model_path"] == "/models/InternVL2-8B"
    assert values["sky_crop_top_pct"] == 0.3
    assert (values["k"], values["metric"], values["viz_mode"]) == (100, "cosine", "spherical")
    assert values["owned_images"] == "/data/S_images"


def test_the_seeds_sampling_file_is_read_key_by_key(write):
    path = write(SEED_SAMPLING)
    params = load(SparseParams, path)
    assert (params.importance_ratio, params.warmup_frames) == (0.7, 5)
    assert (params.epsilon, params.sample_count, params.use_amp) == (1e-10, 400, True)
    assert params.collision_threshold == 0.01
    assert load(SparseTrainParams, path).steps == 7


def test_one_file_serves_the_steps_and_sparse_sampling(write):
    path = write(SEED_SAMPLING + "kcenter: {num_select: 9}\n")
    assert load(GapParams, path).k == 9
    assert load(SparseParams, path).sample_count == 400


# ---------------------------------------------------------------- the environment


@pytest.mark.parametrize("text", ["${MADE_UP}/model", "$MADE_UP/model", "${oc.env:MADE_UP}/model"])
def test_a_variable_that_is_not_set_is_a_sentence_with_its_name_and_its_key(
    write, monkeypatch, text
):
    monkeypatch.delenv("MADE_UP", raising=False)
    path = write(f'model: {{path: "{text}"}}')
    with pytest.raises(InputError, match=r"config\.yaml: model\.path uses .* MADE_UP, which"):
        load(EmbeddingParams, path)
    with pytest.raises(InputError, match=r"^model\.path uses the environment variable MADE_UP"):
        load(EmbeddingParams, overrides=[f"model.path={text}"])
    monkeypatch.setenv("MADE_UP", "/here")
    assert load(EmbeddingParams, path).model_path == "/here/model"


@pytest.mark.parametrize("text", ["${MADE_UP:-org/model}", "${oc.env:MADE_UP,org/model}"])
def test_a_variable_may_have_a_default(write, monkeypatch, text):
    monkeypatch.delenv("MADE_UP", raising=False)
    assert load(EmbeddingParams, write(f'model: {{path: "{text}"}}')).model_path == "org/model"
    monkeypatch.setenv("MADE_UP", "mine")
    assert load(EmbeddingParams, write(f'model: {{path: "{text}"}}')).model_path == "mine"


def test_an_empty_value_is_the_default(write):
    path = write("model: {path: }\nkcenter: {num_select: }\n")
    assert (load(GapParams, path).model_path, load(GapParams, path).k) == (None, 100)
    path = write("distance: {delta: 0.3}")
    assert load(GapParams, path, ["distance.delta="]).delta is None


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("kcenter: {picks: 3}", "Unknown setting 'kcenter.picks'"),
        ("kcenter: {num_selected: 3}", "did you mean 'kcenter.num_select'"),
        ("kcenter: 3", "must consist of sections"),
        ("- a", "must consist of sections"),
        ("a: [", "cannot be read as YAML"),
        ("kcenter: {num_select: many}", r"kcenter\.num_select: Input should be a valid integer"),
        ("preprocess: {sky_crop_top_pct: 1.5}", r"sky_crop_top_pct: Input should be less than 1"),
        ("update:\n  warmup_frames: 3\n", "Unknown setting 'update.warmup_frames'"),
        ("sampling: foveated", "Unknown sampling group 'foveated'"),
        ("training: {steps: 0}", r"training\.steps: Input should be greater"),
        ("a: &a {b: *a}", "Unknown setting 'a.b.b.b'"),
    ],
)
def test_a_broken_file_is_a_sentence_whoever_reads_it(write, text, sentence):
    for params in (GapParams, SparseParams):
        with pytest.raises(InputError, match=sentence):
            load(params, write(text))


def test_a_file_that_is_missing_is_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"missing\.yaml does not exist"):
        load(SparseParams, tmp_path / "missing.yaml")


def test_an_empty_file_changes_nothing(write):
    assert read([GapParams], write("")) == {}


VIEWER_YAML = """
viewer:
  top_k: 12
  metric: euclid
  delta_threshold: 0.3
  point_limit: 20000
  search_space: Both
  projection: cartesian
"""


def test_settings_of_the_viewer_start_the_panel(write):
    params = load(ViewerParams, write(VIEWER_YAML), ["viewer.show=U"])
    assert params.choices() == {
        "show": "U",
        "projection": "cartesian",
        "limit": 20000,
        "topK": 12,
        "metric": "euclidean",
        "search": "both",
        "delta": 0.3,
    }
    assert load(ViewerParams, write("viewer: {port: 8050, host: 0.0.0.0}")).choices() == {}
    assert load(GapParams, write(VIEWER_YAML)) == GapParams(), "of no other step"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("made_up: 8", "viewer.made_up"),
        ("top_k: 0", r"viewer\.top_k.*greater"),
        ("search_space: V", r"viewer\.search_space"),
        ("delta_threshold: .nan", r"viewer\.delta_threshold"),
    ],
)
def test_mistakes_in_settings_of_the_viewer_are_named(write, setting, words):
    with pytest.raises(InputError, match=words):
        load(ViewerParams, write(f"viewer: {{{setting}}}"))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("sampling.adaptive_sampler.importance_ration=0.5", "importance_ratio"),
        ("sampling=foveated", "foveated"),
        ("sampling.adaptive_sampler.importance_ratio=1.5", "importance_ratio"),
        ("sampling.pattern=spiral", "pattern"),
        ("importance_ratio", "key=value"),
        ("model.checkpoint_key=../../etc/passwd", "checkpoint_key"),
        ("kcenter.num_select=3", "kcenter.num_select does not apply to this command"),
    ],
)
def test_mistakes_in_overrides_are_named(override, said):
    with pytest.raises(InputError, match=said):
        load(SparseParams, overrides=[override])


def test_rules_between_settings_wait_for_the_command_line(write):
    path = write("heatmap: {start: point}\nserver: {host: 0.0.0.0}")
    assert read([HeatmapParams], path) == {"start": "point"}
    with pytest.raises(InputError, match="go together"):
        load(HeatmapParams, path)


# ---------------------------------------------------------------- keys


def test_a_key_reaches_the_step_it_is_meant_for_and_no_other(write):
    path = write("inference: {batch_size: 64, device: cpu}")
    assert load(GapParams, path).batch_size == 64
    assert load(CheckSpecParams, path).batch_size == 64
    assert load(HeatmapParams, path) == HeatmapParams()
    assert load(SparseTrainParams, path) == SparseTrainParams()
    assert load(HeatmapParams, write("heatmap: {batch_size: 2}")).batch_size == 2


@pytest.mark.parametrize("params", CLASSES)
def test_every_key_reaches_its_setting(write, params):
    for key, name in keys_of(params).items():
        section, _, entry = key.partition(".")
        assert read([params], write(f"{section}: {{}}")) == read([params])
        default = getattr(make(params, {}), name)
        text = ",".join(map(str, default)) if isinstance(default, tuple) else default
        if text not in (None, ""):
            assert read([params], overrides=[f"{key}={text}"])[name] == str(text), entry


def test_no_key_is_called_like_a_method_of_a_dict():
    parts = {part for key in keys_of(*CLASSES) for part in key.split(".")}
    assert not parts & set(dir(dict))


# ---------------------------------------------------------------- sampling groups


def test_overrides_win_over_the_file_and_the_file_over_the_group(write):
    changed = ["sampling.adaptive_sampler.importance_ratio=0.75", "sampling.seed=9"]
    params = load(SparseParams, write(SEED_SAMPLING), changed)
    assert (params.importance_ratio, params.seed, params.warmup_frames) == (0.75, 9, 5)


def test_choosing_a_group_loads_it(write):
    hybrid = load(SparseParams, overrides=["sampling=hybrid"])
    assert (hybrid.extra, hybrid.extra_ratio, hybrid.importance_ratio) == ("edge", 0.2, 0.5)
    assert load(SparseParams, overrides=["sampling=uniform"]).pattern == "uniform"
    path = write("sampling: hybrid\n")
    assert load(SparseParams, path).extra == "edge"
    assert load(SparseParams, path, ["sampling=adaptive"]).extra == "none"
    assert load(SimulateParams, overrides=["sampling=hybrid"]).name == "hybrid"


def test_a_pattern_in_the_file_chooses_its_group(write):
    assert load(SparseParams, write("sampling: {pattern: hybrid}")).extra == "edge"
    assert load(SparseParams, overrides=["sampling.pattern=hybrid"]).extra == "edge"
    random = load(SparseParams, write("sampling: {pattern: random}"))
    assert (random.name, random.pattern) == ("uniform", "random")
    named = load(SparseParams, write("sampling: {pattern: adaptive_importance}"))
    assert (named.name, named.pattern) == ("adaptive", "adaptive_importance")


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_on_the_command_line_wins_over_the_files_pattern(write, group):
    params = load(SparseParams, write(SEED_SAMPLING), [f"sampling={group}"])
    assert params.name == params.pattern == group
    assert params.warmup_frames == 5


ADAPTIVE_YAML = """
# @package _group_
name: adaptive
adaptive_sampler:
  importance_ratio: 0.7
  warmup_frames: 4
  collision_threshold: 0.01
importance_calculator:
  epsilon: 1.0e-9
pattern: adaptive_importance # or hybrid
"""


def test_the_seeds_group_file_is_a_config(write):
    params = load(SparseParams, write(ADAPTIVE_YAML))
    assert (params.pattern, params.importance_ratio) == ("adaptive_importance", 0.7)
    assert (params.warmup_frames, params.epsilon) == (4, 1e-9)
    assert load(SparseParams, write("default_sample_count: 700")).sample_count == 700
    with pytest.raises(InputError, match="sections with settings"):
        load(SparseParams, write(ADAPTIVE_YAML + "pattern_of: 3\n"))


@pytest.mark.parametrize(
    "words",
    [["server=development", "sampling=adaptive"], ["sampling=adaptive", "server=development"]],
)
def test_the_seeds_words_start_a_server_in_any_order(write, words):
    more = ["sampling.adaptive_sampler.warmup_frames=0"]
    for given in ([*words, *more], [*more, *words]):
        found = read([ServeParams, SparseParams], overrides=given)
        assert found["warmup_frames"] == "0"
        assert "host" not in found
    assert read([ServeParams], write("server: development\nsampling: adaptive")) == {}
    for path, overrides in ((None, ["server=production"]), (write("server: production"), [])):
        with pytest.raises(InputError, match=r"server group 'production'.*development"):
            read([ServeParams], path, overrides)


def test_the_seeds_model_path_names_the_hub_where_the_variable_is_not_set(write, monkeypatch):
    monkeypatch.delenv("INTERNVL2_PATH", raising=False)
    path = write("model: {path: '${INTERNVL2_PATH}'}")
    with pytest.raises(InputError, match="INTERNVL2_PATH:-OpenGVLab/InternVL2-8B}"):
        load(GapParams, path)
    asked = write("model: {path: '${INTERNVL2_PATH:-OpenGVLab/InternVL2-8B}'}")
    assert load(GapParams, asked).model_path == "OpenGVLab/InternVL2-8B"
    monkeypatch.setenv("INTERNVL2_PATH", "/models/InternVL2-8B")
    assert load(GapParams, path).model_path == "/models/InternVL2-8B"
    assert load(HeatmapParams, path).model_path == "/models/InternVL2-8B"


@pytest.mark.parametrize("key", ["kcenter:\n  num_select", "preprocess:\n  roi"])
def test_aliases_that_write_out_to_billions_of_values_are_refused(write, key):
    lines = ["  - &a [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    names = "abcdefghij"
    lines += [f"  - &{b} [{', '.join(['*' + a] * 9)}]" for a, b in pairwise(names)]
    with pytest.raises(InputError, match="more than 10,000 values"):
        load(EmbeddingParams, write(f"{key}:\n" + "\n".join(lines)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "cannot be read as YAML"),
        ("{a: " * 50_000, "cannot be read as YAML"),
        ("".join(" " * depth + "a:\n" for depth in range(600)), "cannot be read as YAML"),
        ("a: !!python/object/apply:os.system [id]", "cannot be read as YAML"),
        ("data:\n  fps: " + "9" * 100_000, "cannot be read as YAML"),
        ("data:\n  fps: " + ":".join(["59"] * 50_000), "thousands of digits"),
        ("data:\n  csv: " + "x" * (1 << 18), "larger than 256 KiB"),
        ("a: &a [*a]", "must consist of sections"),
    ],
)
def test_a_file_made_to_hurt_is_refused(write, text, sentence):
    with pytest.raises(InputError, match=sentence):
        load(EmbeddingParams, write(text))


def test_an_alias_that_is_small_is_read(write):
    text = "preprocess: &p {sky_crop_top_pct: 0.25}\n"
    assert load(EmbeddingParams, write(text)).sky_crop_top_pct == 0.25


def test_a_named_pipe_is_no_file_of_settings(tmp_path):
    os.mkfifo(tmp_path / "config.yaml")
    with pytest.raises(InputError, match="is not a file"):
        load(EmbeddingParams, tmp_path / "config.yaml")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${SET}", "a"), ("$SET/x", "a/x"), ("${SET:-b}", "a"), ("${UNSET:-b}", "b"),
        ("${EMPTY:-b}", "b"), ("${UNSET:-}", None), ("${UNSET:-${SET}}", "a"),
        ("${UNSET:-$SET/x}", "a/x"), ("${UNSET:-${UNSET:-${SET}}}", "a"),
        ("${SET:-${UNSET}}", "a"), ("${LIKE_ONE}", "${SET}"), ("costs $5", "costs $5"),
    ],
)  # fmt: skip
def test_variables_are_what_a_shell_makes_of_them(tmp_path, monkeypatch, text, expanded):
    for name in ("UNSET", "OTHER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("SET", "a"), ("EMPTY", ""), ("LIKE_ONE", "${SET}")):
        monkeypatch.setenv(name, value)
    file = tmp_path / "config.yaml"
    file.write_text(f"data: {{S_dir: '{text}'}}")
    assert read([LoadParams], file).get("owned_images") == expanded
    assert read([LoadParams], overrides=[f"data.S_dir={text}"]).get("owned_images") == expanded


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("${UNSET}/own", "UNSET, which is not set"), ("$UNSET", "UNSET, which is not set"),
        ("${EMPTY}", "EMPTY, which is empty"), ("$EMPTY/own", "EMPTY, which is empty"),
        ("${UNSET:-${OTHER}}", "OTHER, which is not set"), ("${UNSET", "is no"),
        ("${UNSET?no}", "is no"), ("${}", "is no"), ("${oc.env:UNSET}", "UNSET, which is not set"),
    ],
)  # fmt: skip
def test_a_variable_without_a_value_never_drops_a_set_in_silence(
    tmp_path, monkeypatch, text, sentence
):
    for name in ("UNSET", "OTHER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMPTY", "")
    file = tmp_path / "config.yaml"
    file.write_text(f"data: {{S_dir: /own, U_dir: '{text}'}}")
    for given in ({"path": file}, {"overrides": [f"data.U_dir={text}"]}):
        with pytest.raises(InputError, match=f"data.U_dir.*{sentence}"):
            read([LoadParams], **given)


def test_variables_in_a_list_and_in_the_settings_of_sparse_sampling(tmp_path, monkeypatch):
    monkeypatch.setenv("SIDE", "5")
    monkeypatch.delenv("UNSET", raising=False)
    file = tmp_path / "config.yaml"
    scales = "sampling.importance_calculator.scales"
    file.write_text("sampling: {importance_calculator: {scales: [1, '${SIDE}']}}")
    assert load(SparseParams, file).scales == (1, 5)
    file.write_text("sampling: {importance_calculator: {scales: [1, '${UNSET}']}}")
    with pytest.raises(InputError, match=f"{scales} uses the environment variable UNSET"):
        load(SparseParams, file)
    assert load(SparseParams, overrides=[f"{scales}=1,${{SIDE}}"]).scales == (1, 5)
