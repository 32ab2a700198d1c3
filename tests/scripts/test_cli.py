"""The command line, in this process: arguments in, exit code and printed lines out."""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import gapsphere
import numpy as np
import pytest
from gapsphere.plugin.settings.fields import make, settings_of
from gapsphere.plugin.settings.sparse import TrainSequencesParams
from gapsphere.plugin.settings.steps import CandidateParams
from gapsphere.plugin.settings.yaml import CLASSES
from gapsphere.scripts.cli.commands import _asks_more_than_kcenter
from gapsphere.scripts.cli.datasets import dataset_option
from gapsphere.scripts.cli.main import main
from gapsphere.scripts.cli.parser import COMMANDS, build_parser
from gapsphere.tests.support.waiting import PATIENCE
from PIL import Image

ROOT = Path(__file__).parent
WITH_CONFIG = [command for command in COMMANDS if command.params]


@pytest.fixture
def run(capsys):
    """Runs a command; what it printed, or its one line of error where ``rc`` is 2."""

    def ran(*arguments, rc=0):
        assert main(list(map(str, arguments))) == rc
        printed = capsys.readouterr()
        if rc == 0:
            return printed.out
        lines = [line for line in printed.err.splitlines() if line.startswith("gapsphere:")]
        assert len(lines) == 1, printed.err
        assert "Traceback" not in printed.err
        return lines[0]

    return ran


@pytest.mark.parametrize(
    ("own", "turns"),
    [({}, "10000"), ({"GOMP_SPINCOUNT": "9"}, "9"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "None")],
)
def test_the_threads_of_openmp_spin_for_a_moment_unless_told_otherwise(own, turns):
    program = (
        "import os, sys; from gapsphere.scripts.cli import main as cli\n"
        "def ran(*_, **__):\n"
        "    print('torch' in sys.modules, os.environ.get('GOMP_SPINCOUNT'))\n"
        "cli._run = ran; cli.main()"
    )
    waits = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    environment = {name: value for name, value in os.environ.items() if name not in waits}
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=environment | own, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", turns]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two folders of images and a config in the seed's keys, in the current directory."""
    rng = np.random.default_rng(9)
    for part, count, tint in (("S", 8, (1, 1, 1)), ("U", 6, (1, 0.3, 0.3))):
        (tmp_path / part).mkdir()
        for index in range(count):
            pixels = (rng.integers(0, 256, (6, 6, 3)) * tint).astype(np.uint8)
            Image.fromarray(pixels).resize((64, 48)).save(tmp_path / part / f"{index}.png")
    (tmp_path / "config.yaml").write_text(
        f"data: {{S_dir: {tmp_path}/S, U_dir: {tmp_path}/U}}\n"
        "inference: {batch_size: 4, num_workers: 2}\n"
        "umap: {n_neighbors: 5}\n"
        "kcenter: {num_select: 2}\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def name():
    import fiftyone as fo

    made = "cli-test"
    yield made
    if fo.dataset_exists(made):
        fo.delete_dataset(made)


def test_the_seeds_commands_go_from_folders_to_artifacts(run, project, name):
    import fiftyone as fo

    shared = ("--dataset", name, "--config", project / "config.yaml")
    for split in "SU":
        run("embed", "--split", split, *shared)
    assert "covering radius" in run("analyze", "--k", 3, "--viz", "spherical", *shared)
    picks = json.loads((project / "outputs" / "kcenter_indices.json").read_text())
    assert len(picks["indices"]) == 3
    before = fo.load_dataset(name).last_modified_at
    said = run("analyze", "--k", 4, *shared, rc=2)
    assert "holds umap3d_S.npy already" in said
    assert "--overwrite-outputs" in said
    assert fo.load_dataset(name).last_modified_at == before, "no step had run"
    assert (project / "outputs" / "plot_3d.html").stat().st_size > 1_000_000
    dataset = fo.load_dataset(name)
    assert dataset.match_tags("kcenter").count() == 3

    other = f"{name}-copy"
    run("import-artifacts", "--dataset", other, "--data_root", project / "outputs")
    assert fo.load_dataset(other).match_tags("kcenter").count() == 3
    assert "Gap Explorer" in fo.load_dataset(other).list_workspaces()
    fo.delete_dataset(other)


def stamps(name):
    """When each step of a dataset last ran."""
    import fiftyone as fo

    dataset = fo.load_dataset(name)
    dataset.reload()
    return {key: str(dataset.get_run_info(key).timestamp) for key in dataset.list_runs()}


def test_find_gaps_does_it_in_one(run, project, name):
    arguments = ("find-gaps", "--dataset", name, "--config", project / "config.yaml")
    said = run(*arguments)
    assert "2 picks" in said
    assert said.splitlines()[-1] == f"open it: gapsphere app --dataset {name}"
    assert "0 embedded, 14 already there" in run(*arguments)
    assert "3 picks" in run(*arguments, "kcenter.num_select=3")
    assert "4 picks" in run(*arguments, "kcenter.num_select=3", "--k", 4)
    page = project / "cards.html"
    said = run("cards", "--dataset", name, "--html", page)
    assert "card" in said.splitlines()[0]
    assert str(page) in said
    assert "must end in .csv" in run("cards", "--dataset", name, "--csv", page, rc=2)
    written = [f"--curve={project / each}" for each in ("curve.html", "curve.csv")]
    said = run("select", "--dataset", name, "--k", 2, *written)
    assert said.count("budget curve of 2 picks") == 2
    before = json.dumps(stamps(name))
    for wrong, sentence in (
        (("find-gaps", "--report", page), "cannot be made: File exists"),
        (("select", "--curve", project / "none" / "curve.html"), "none of curve.html does not"),
        (("select", "--curve", project / "new.csv", *written), "curve.html is there already"),
        (("cards", "--html", page), "on the command line --replace-file"),
        (("find-gaps", "--k=1", "--quota=wether=night:1.."), "no field 'wether'"),
        (("find-gaps", "--k=1", "--quota=gap_card=a:5..2"), "5 to 2 picks: the smaller first"),
        (("find-gaps", "--k=1", "--min-seconds-apart=1"), "needs the field 'timestamp'"),
        (("find-gaps", "--k=1", "--max-per-sequence=1"), "No image of U has a drive"),
    ):
        assert sentence in run(*wrong, "--dataset", name, rc=2)
    assert json.dumps(stamps(name)) == before, "no step had run"
    assert not (project / "new.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("find-gaps", "--dataset", "no such"), "There is no dataset 'no such'"),
        (("load", "--owned-images", "/nowhere", "--dataset", "cli-none"), "does not exist"),
        (("analyze", "--config", "/nowhere.yaml"), "/nowhere.yaml does not exist"),
        (("import-artifacts", "--data-root", "/nowhere", "--dataset", "cli-none"), "has no"),
        (("find-gaps", "kcenter.num_selekt=3"), "did you mean 'kcenter.num_select'"),
        (("heatmap", "inference.batch_size=64"), "does not apply to this command"),
        (
            ("find-gaps", "model.path=${MADE_UP}"),
            "uses the environment variable MADE_UP",
        ),
        (("sparse", "train"), "--frames FILE, or --dataset NAME"),
        (("sparse", "train", "--frames", "a.npz", "--model-name", "a"), "without model_name"),
        (("sparse", "train", "--frames", "a.npz", "--view", "a"), "without --view"),
        (("sparse", "train", "--dataset", "a", "--output", "b"), "without --output"),
        (("sparse", "serve", "--host", "0.0.0.0"), "set a token as well"),
        (("sparse", "serve", "--token", "hush"), "variable GAPSPHERE_SERVER_TOKEN"),
        (("sparse", "serve", "server.token=hush"), "variable GAPSPHERE_SERVER_TOKEN"),
        (("import-features",), "--cache-dir FOLDER"),
        (("load", "--owned-images", ROOT, "--dataset", ""), "cannot be called ''"),
        (("demo-data", "--folder", "gs://bucket/drive"), "gs://bucket/drive is an address"),
        (("load", "--owned-images", ROOT, "--dataset", "\U0001f4a5"), "needs a letter or digit"),
        (("load", "--owned-images", ROOT, "--dataset", "a" * 3000), "100 of them at most"),
        (("app", "--host", 70 * "a"), "is not an address"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(run, arguments, sentence):
    import fiftyone as fo

    assert sentence in run(*arguments, rc=2)
    assert not fo.dataset_exists("cli-none")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04cut off", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_of_frames_is_one_line(run, tmp_path, content):
    (tmp_path / "film.npz").write_bytes(content)
    for command in ("train", "--frames"), ("evaluate",):
        said = run("sparse", *command, tmp_path / "film.npz", rc=2)
        assert "cannot be read as sequences of frames" in said


def test_frames_whose_every_pixel_would_be_sampled_are_not_evaluated(run, tmp_path):
    np.savez(tmp_path / "film.npz", frames=np.zeros((2, 30, 25, 40), np.uint8))
    said = run("sparse", "evaluate", tmp_path / "film.npz", rc=2)
    assert "film has frames of 40 x 25: the tables sample up to 1000 pixels" in said


def test_a_place_that_cannot_be_written_to_is_told_before_hours_of_work(run, tmp_path):
    film = tmp_path / "film.npz"
    np.savez(film, frames=np.zeros((2, 30, 64, 64), np.uint8))
    for command in (("evaluate", film), ("train", "--frames", film)):
        said = run("sparse", *command, "--output", film, rc=2)
        assert f"{film} cannot be read or written (File exists)" in said
        said = run("sparse", *command, "--output", "s3://bucket/model", rc=2)
        assert "s3://bucket/model is an address" in said
        assert not Path("s3:").exists()


def test_a_model_file_that_is_not_there_stops_the_start_of_a_server(run):
    said = run("sparse", "serve", "--port", "0", "--models", "mine=/no/such", rc=2)
    assert "The model 'mine': /no/such is not a file" in said
    said = run("sparse", "serve", "--port", "0", "--models", "mine=s3://bucket/a", rc=2)
    assert "s3://bucket/a is an address" in said


def test_what_no_yaml_holds_is_one_line(run, tmp_path):
    (tmp_path / "c.yaml").write_text("!!python/object/apply:os.system ['true']")
    assert "os.system" in run("load", "--config", tmp_path / "c.yaml", rc=2)


@pytest.mark.parametrize("held", ['{"mine": 1}', "[[1]]", "filename,split\na.png,S\n"])
def test_a_list_of_left_out_files_replaces_no_other_file(run, tmp_path, held):
    import fiftyone as fo

    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "left.json").write_text(held)
    told = ("--left-out-file", tmp_path / "left.json", "--dataset", "cli-left")
    loaded = ("load", "--owned-images", tmp_path, *told)
    assert "is no list of left out files" in run(*loaded, rc=2)
    assert (tmp_path / "left.json").read_text() == held
    assert not fo.dataset_exists("cli-left")
    (tmp_path / "left.json").write_text("")
    for _ in range(2):  # its own list is replaced
        run(*loaded)
        assert json.loads((tmp_path / "left.json").read_text()) == {".json": [ANY]}
    fo.delete_dataset("cli-left")


def test_a_shell_gets_the_line_and_the_exit_code():
    program = Path(sys.executable).with_name("gapsphere")
    arguments = [str(program), "find-gaps", "--config", "no such.yaml"]  # before FiftyOne comes
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("gapsphere:")]
    assert len(lines) == 1
    assert "no such.yaml" in lines[0]
    assert "Traceback" not in done.stderr


def test_the_version_is_printed(capsys):
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args(["--version"])
    assert not end.value.code
    assert capsys.readouterr().out == f"gapsphere {gapsphere.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        build_parser().parse_args([*command.name.split(), "--help"])
    assert exit_.value.code == 0
    assert command.help.split()[0] in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "export-spec --dataset a spec.html",
            "Unknown argument 'spec.html'; the arguments are: --",
        ),
        (
            "find-gaps --owned-image a --k 3",
            "Unknown argument '--owned-image': did you mean '--owned-images'?",
        ),
        (
            "sparse train --step=9",
            "sparse train: error: Unknown argument '--step': did you mean '--s",
        ),
        ("demo-data seed=4", "Unknown argument 'seed': did you mean '--seed'?"),
    ],
)
def test_an_argument_that_a_command_does_not_take_is_answered_by_that_command(
    arguments, said, capsys
):
    with pytest.raises(SystemExit) as exit_:
        main(arguments.split())
    assert exit_.value.code == 2
    assert said in capsys.readouterr().err


def test_help_puts_what_most_set_first_and_the_rest_under_headings(capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["find-gaps", "--help"])
    usage, *text = capsys.readouterr().out.split("\n\n")
    assert usage == "usage: gapsphere find-gaps [OPTION ...] [KEY=VALUE ...]"
    shown = {part.split(":")[0]: part for part in text}
    assert {"--owned-images", "--sequence-field", "--quota"} <= set(shown["options"].split())
    for option, heading in (("--fit-limit", "Sphere"), ("--support-radius", "Picks")):
        assert option in shown[heading]
    assert "Other" not in shown


def test_help_tells_the_defaults_of_a_training_on_a_dataset_beside_those_without(capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["sparse", "train", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "the defaults are then --steps 6000, --learning-rate 0.002 and --patience 0" in shown
    for name in ("steps", "learning_rate", "patience"):
        default = TrainSequencesParams.model_fields[name].default
        assert re.search(rf"--{name.replace('_', '-')} [NX] [^\[]+\[{default}\]", shown), name


@pytest.mark.parametrize(
    "arguments",
    [
        ("load", "--made-up", "3"),
        ("load", "stray"),
        ("sky",),
        ("demo", "--port", "99999"),
        ("sparse", "evaluate", "film.npz", "--threads", "-1"),
    ],
)
def test_an_unknown_argument_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("command", WITH_CONFIG, ids=lambda command: command.name)
def test_every_setting_of_a_command_can_be_in_its_config(command):
    for params in command.params:
        assert all(each.key for each in settings_of(params))
        assert params in CLASSES or any(issubclass(cls, params) for cls in CLASSES)


@pytest.mark.parametrize("command", WITH_CONFIG, ids=lambda command: command.name)
@pytest.mark.parametrize("named", [str, Path.as_uri])
def test_a_config_reaches_every_command_that_takes_one(named, command, tmp_path, monkeypatch):
    last = settings_of(command.params[-1])[-1]
    value = {bool: True, int: 7, float: 0.5}.get(last.kind, "text")
    value = last.choices[-1] if last.choices else value
    section, _, key = last.key.rpartition(".")
    text = f"{key}: {json.dumps(value)}"
    for part in reversed(section.split(".")):
        text = f"{part}: {{{text}}}"
    path = tmp_path / "config.yaml"
    path.write_text(text)
    got = []
    spied = replace(command, run=lambda *params, **_: got.extend(params))
    monkeypatch.setattr("gapsphere.scripts.cli.parser.COMMANDS", [spied])
    required = {"embed": ["--split", "S"], "check-spec": ["a.zip", "b"]}.get(command.name, [])
    assert main([*command.name.split(), *required, "--config", named(path)]) == 0
    assert getattr(got[-1], last.name) == value


@pytest.mark.parametrize("name", ["drives", "our drives", "-drives", "--k", "it's"])
def test_a_printed_command_opens_the_dataset_whatever_its_name(name):
    words = shlex.split(f"app {dataset_option(name)}")
    assert build_parser().parse_args(words).dataset == name


def test_demo_data_is_written_where_asked(run, tmp_path):
    run("demo-data", "--folder", tmp_path / "drive", "--owned", 12, "--pool", 32)
    assert len((tmp_path / "drive" / "metadata.csv").read_text().splitlines()) == 45


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({"k": 5, "suffix": "b", "sequence_field": "drive"}, False),
        ({"max_per_sequence": 5}, True),
        ({"quota": "light=dusk:3.."}, True),
        ({"policy": "herding"}, True),
    ],
)
def test_find_gaps_picks_again_where_the_picks_must_keep_to_something(settings, more):
    assert _asks_more_than_kcenter(make(CandidateParams, settings)) is more
