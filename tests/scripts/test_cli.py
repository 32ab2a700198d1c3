"""The command line as a shell runs it, on the tests' own database."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gapsphere.scripts.cli.commands import COMMANDS
from gapsphere.scripts.cli.main import build_parser
from PIL import Image

GAPSPHERE = Path(sys.executable).with_name("gapsphere")


def run(*arguments, **kwargs):
    return subprocess.run(
        [str(GAPSPHERE), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        **kwargs,
    )


@pytest.fixture
def project(tmp_path):
    """Two folders of images and a config in the seed's keys."""
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
    return tmp_path


@pytest.fixture
def name():
    import fiftyone as fo

    made = "cli-test"
    yield made
    if fo.dataset_exists(made):
        fo.delete_dataset(made)


def test_the_seeds_commands_go_from_folders_to_artifacts(project, name):
    import fiftyone as fo

    shared = ("--dataset", name, "--config", project / "config.yaml")
    for split in "SU":
        done = run("embed", "--split", split, *shared, cwd=project)
        assert done.returncode == 0, done.stderr
    done = run("analyze", "--k", 3, "--viz", "spherical", *shared, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "covering radius" in done.stdout
    picks = json.loads((project / "outputs" / "kcenter_indices.json").read_text())
    assert len(picks["indices"]) == 3
    assert (project / "outputs" / "plot_3d.html").stat().st_size > 1_000_000
    dataset = fo.load_dataset(name)
    assert dataset.match_tags("kcenter").count() == 3

    other = f"{name}-copy"
    done = run("import-artifacts", "--dataset", other, "--data-root", project / "outputs")
    assert done.returncode == 0, done.stderr
    assert fo.load_dataset(other).match_tags("kcenter").count() == 3
    fo.delete_dataset(other)


def test_find_gaps_does_it_in_one(project, name):
    arguments = ("find-gaps", "--dataset", name, "--config", project / "config.yaml")
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "2 picks" in done.stdout
    again = run(*arguments)
    assert "0 embedded, 14 already there" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("find-gaps", "--dataset", "no such"), "There is no dataset 'no such'"),
        (("load", "--owned-images", "/nowhere", "--dataset", "cli-none"), "does not exist"),
        (("analyze", "--config", "/nowhere.yaml"), "cannot be read as YAML"),
        (("import-artifacts", "--data-root", "/nowhere", "--dataset", "cli-none"), "has no"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, sentence):
    import fiftyone as fo

    done = run(*arguments)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("gapsphere:")]
    assert len(lines) == 1
    assert sentence in lines[0]
    assert "Traceback" not in done.stderr
    assert not fo.dataset_exists("cli-none")


def test_every_command_has_help():
    for command in COMMANDS:
        with pytest.raises(SystemExit) as exit_:
            build_parser().parse_args([*command.name.split(), "--help"])
        assert exit_.value.code == 0


def test_demo_data_is_written_where_asked(tmp_path):
    done = run("demo-data", "--folder", tmp_path / "drive", "--owned", 24, "--pool", 36)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "drive" / "metadata.csv").read_text().splitlines()) == 61
