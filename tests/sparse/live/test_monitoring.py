"""The seed's metric names arrive where TensorBoard and Weights & Biases read them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gapsphere.plugin.sparse.live import monitoring

SIZE = (32, 32)


@pytest.fixture(scope="module")
def board(serve, look, frames, tmp_path_factory):
    """Two sessions logged to TensorBoard, read back; and the sessions' names."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder = tmp_path_factory.mktemp("board")
    with (
        serve(monitor="tensorboard", monitor_folder=str(folder)) as address,
        look.join(address) as one,
        look.join(address) as two,
    ):
        for number in range(4):
            one.step(number, frames[number])
            two.step(number, frames[number])
        names = [client.session["session_id"] for client in (one, two)]
    events = EventAccumulator(str(folder), {"scalars": 0, "images": 0, "tensors": 0})
    events.Reload()
    return events, names


def test_w_and_b_names_of_each_client_are_logged(board):
    events, names = board
    for name in names:
        for figure in ("mean", "max", "std", "entropy"):
            values = events.Scalars(f"Importance/{name}/{figure}")
            assert len(values) == 4
            assert all(value.value > 0 for value in values)
        entropy = events.Scalars(f"Importance/{name}/entropy")
        assert all(value.value <= 1 for value in entropy)


def test_all_sessions_share_one_step_that_only_rises(board):
    events, names = board
    steps = [[value.step for value in events.Scalars(f"Importance/{name}/mean")] for name in names]
    assert sorted(steps[0] + steps[1]) == list(range(1, 9))
    assert all(one == sorted(one) for one in steps)


def test_pictures_and_hyper_parameters_are_logged(board):
    events, _ = board
    for name in ("Live/Reconstruction", "Live/Importance"):
        pictures = events.Images(name)
        assert len(pictures) == 8
        assert (pictures[0].height, pictures[0].width) == SIZE
    text = events.Tensors("Hyperparameters/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "sampling.adaptive_sampler.importance_ratio" in text


def test_nothing_is_imported_or_written_unless_chosen(tmp_path):
    code = (
        "import sys\n"
        "from gapsphere.plugin.sparse.live.monitoring import open_monitor\n"
        f"assert open_monitor('none', {str(tmp_path)!r}) is None\n"
        "assert not {'wandb', 'tensorboard', 'torch.utils.tensorboard'} & set(sys.modules)\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not list(tmp_path.iterdir())


def test_weights_and_biases_works_offline(tmp_path, monkeypatch, model, frames, look):
    """A whole run on disk, in the file that ``wandb sync`` reads."""
    from gapsphere.plugin.settings.sparse import SparseParams
    from gapsphere.plugin.sparse.frames.samples import samples_of
    from gapsphere.plugin.sparse.loop.build import hyper_parameters, make_loop

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_MODE", "offline")
    params = SparseParams(sample_count=40)
    loop = make_loop(params, model)
    state = loop.start(SIZE)
    live = monitoring.open_monitor("wandb", tmp_path)
    live.settings(hyper_parameters(params))
    live.add("client", loop.step(samples_of(frames[0], state.pixels), state))
    live.close()
    (run,) = tmp_path.glob("wandb/offline-run-*")
    (log,) = run.glob("*.wandb")
    for name in (b"Importance/client/mean", b"Live/Reconstruction", b"importance_ratio"):
        assert look.until(lambda name=name: name in log.read_bytes())
    assert len(list(Path(run).glob("files/media/images/Live/*.png"))) == 2


def test_weights_and_biases_without_an_account_says_what_to_do(tmp_path):
    """In a process of its own: the package settles on a mode once."""
    code = (
        "from gapsphere.plugin.errors import InputError\n"
        "from gapsphere.plugin.sparse.live.monitoring import open_monitor\n"
        "try:\n"
        f"    open_monitor('wandb', {str(tmp_path)!r})\n"
        "except InputError as error:\n"
        "    print(error)\n"
    )
    env = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    env |= {"HOME": str(tmp_path), "NETRC": str(tmp_path / "none"), "WANDB_SILENT": "true"}
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert "WANDB_MODE=offline needs no account." in told.stdout
