"""Sequences to train and measure sparse sampling on: rendered by ViZDoom, or read from a video.

    pip install "gapsphere[bench]"
    python -m gapsphere.scripts.bench.sparse_frames doom train build/sparse/train.npz
    python -m gapsphere.scripts.bench.sparse_frames doom evaluate build/sparse/doom.npz
    python -m gapsphere.scripts.bench.sparse_frames video vtest.avi build/sparse/vtest.npz

``vtest.avi`` (a street seen by a fixed camera) is in Debian's package ``opencv-doc``; without
installing it: ``apt-get download opencv-doc`` and ``dpkg-deb -x opencv-doc_*.deb .``.  A file
holds ``frames`` uint8 (sequences, length, H, W) and the name of each sequence.  Training and
evaluation share no seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

Frames = NDArray[np.uint8]
SCENARIOS = ("health_gathering", "deadly_corridor", "my_way_home", "defend_the_center")
MORE_SCENARIOS = ("basic", "defend_the_line", "predict_position", "take_cover", "deathmatch")
LEVELS = tuple(f"freedoom2:map{number:02d}" for number in range(1, 21))
EVALUATION_SEED = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    doom = kinds.add_parser("doom", help="render with ViZDoom")
    doom.add_argument("part", choices=("train", "evaluate"))
    doom.add_argument("output", type=Path)
    doom.add_argument("--sequences", type=int, default=8)
    video = kinds.add_parser("video", help="read a video")
    video.add_argument("input", type=Path)
    video.add_argument("output", type=Path)
    video.add_argument("--sequences", type=int, default=2)
    for command in (doom, video):
        command.add_argument("--length", type=int, default=60, help="frames a sequence")
        command.add_argument("--size", type=int, default=128, help="side in pixels")
    options = parser.parse_args()
    if options.kind == "doom":
        names, frames = render(options.part, options.sequences, options.length, options.size)
    else:
        names, frames = read(options.input, options.sequences, options.length, options.size)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output, frames=frames, names=np.array(names))
    print(f"{options.output}: {frames.shape}, {describe(frames)}")


def render(part: str, sequences: int, length: int, size: int) -> tuple[list[str], Frames]:
    """First-person sequences, grey, from as many episodes as there are sequences."""
    training = part == "train"
    places = (*SCENARIOS, *MORE_SCENARIOS, *LEVELS) if training else SCENARIOS
    names, frames = [], np.empty((sequences, length, size, size), np.uint8)
    # One engine a place: opening one costs more than rendering a sequence.
    for number, place in enumerate(tqdm(places, desc="Places")):
        turns = range(number, sequences, len(places))
        if turns:
            game = open_game(place)
            for turn in turns:
                seed = turn if training else EVALUATION_SEED + turn
                for t, frame in enumerate(play(game, seed, length, idle=training)):
                    frames[turn, t] = cv2.resize(frame, (size, size), interpolation=cv2.INTER_AREA)
                names.append((turn, f"{place}:{seed}"))
            game.close()
    return [name for _, name in sorted(names)], frames


def open_game(place: str) -> Any:
    """A ViZDoom engine for a scenario, or for a level of Freedoom as ``wad:map``."""
    import vizdoom

    game = vizdoom.DoomGame()
    folder = Path(vizdoom.__file__).parent
    wad, _, level = place.partition(":")
    game.load_config(str(folder / "scenarios" / f"{'my_way_home' if level else wad}.cfg"))
    if level:
        game.set_doom_scenario_path(str(folder / f"{wad}.wad"))
        game.set_doom_map(level)
    game.set_screen_format(vizdoom.ScreenFormat.GRAY8)
    game.set_screen_resolution(vizdoom.ScreenResolution.RES_320X240)
    game.set_available_buttons(
        [vizdoom.Button.MOVE_FORWARD, vizdoom.Button.TURN_LEFT, vizdoom.Button.TURN_RIGHT]
    )
    game.set_window_visible(False)
    game.set_sound_enabled(False)
    game.set_episode_timeout(0)
    game.init()
    return game


def play(game: Any, seed: int, length: int, *, idle: bool) -> Iterator[Frames]:
    """Frames of a walk with random turns, two tics apart; a death starts the next episode."""
    random = np.random.default_rng(seed)
    game.set_seed(seed)
    game.new_episode()
    walks = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 1]] + [[0, 0, 0]] * idle
    action, left = walks[0], 0
    for warm in range(-int(random.integers(5, 40)), length):
        if left == 0:
            action, left = walks[random.integers(len(walks))], int(random.integers(3, 12))
        left -= 1
        game.make_action(action, 2)
        if game.is_episode_finished():
            game.new_episode()
        if warm >= 0:
            yield game.get_state().screen_buffer


def read(path: Path, sequences: int, length: int, size: int) -> tuple[list[str], Frames]:
    """Grey sequences from evenly spread places of a video, every frame."""
    video = cv2.VideoCapture(str(path))
    total = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    if total < sequences * length:
        raise SystemExit(f"{path} has {total} frames; {sequences} x {length} are asked for.")
    frames = np.empty((sequences, length, size, size), np.uint8)
    names = []
    for sequence in range(sequences):
        start = sequence * (total // sequences)
        video.set(cv2.CAP_PROP_POS_FRAMES, start)
        for t in range(length):
            read_one, picture = video.read()
            if not read_one:
                raise SystemExit(f"{path} cannot be read at frame {start + t}.")
            grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            frames[sequence, t] = cv2.resize(grey, (size, size), interpolation=cv2.INTER_AREA)
        names.append(f"{path.stem}:{start}")
    return names, frames


def describe(frames: Frames) -> str:
    """How much follows from the previous frame alone: the median PSNR of copying it."""
    change = np.diff(frames.astype(np.float32), axis=1)
    error = np.maximum((change**2).mean(axis=(2, 3)), 1e-3)
    return f"previous frame's PSNR {np.median(10 * np.log10(255**2 / error)):.1f} dB (median)"


if __name__ == "__main__":
    main()
