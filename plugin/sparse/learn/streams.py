"""Training data as the loop meets it: frame after frame, each with a memory of those before.

A stream plays a clip, cut to a square, turned, mirrored, re-lit; or, as a fixed camera would see
it, one frame that stays while a piece of another one moves across it with a little noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class StreamConfig:
    """How streams vary.  ``still`` is the share of fixed cameras, ``crop`` the square's side."""

    crop: int = 64
    shortest: int = 3
    longest: int = 14
    still: float = 0.35
    noise: float = 3.0


def play(clips: Frames, config: StreamConfig, random: np.random.Generator) -> Iterator[Frame]:
    """Frames (crop, crop, 1) of one random stream of ``clips`` (sequences, length, H, W)."""
    count = int(random.integers(config.shortest, config.longest + 1))
    frames = _still(clips, config, count, random)
    if random.random() >= config.still:
        frames = _moving(clips, config, count, random)
    frames = _turned(frames, random)
    light = _light(random)
    for frame in frames:
        yield np.ascontiguousarray(light[frame])[..., None]


def _moving(clips: Frames, config: StreamConfig, count: int, random: np.random.Generator) -> Frames:
    clip = clips[random.integers(len(clips))]
    step = int(random.choice([1, 1, 1, 2]))
    span = min(len(clip), (count - 1) * step + 1)
    first = int(random.integers(len(clip) - span + 1))
    part = clip[first : first + span : step]
    part = part[::-1] if random.random() < 0.5 else part
    y, x = (int(random.integers(side - config.crop + 1)) for side in part.shape[1:])
    return part[:, y : y + config.crop, x : x + config.crop]


def _still(clips: Frames, config: StreamConfig, count: int, random: np.random.Generator) -> Frames:
    side = config.crop
    base, other = (_cut(clips, side, random) for _ in range(2))
    size = int(random.integers(side // 10, side // 2 + 1))
    patch = other[:size, : max(2, int(size * random.uniform(0.3, 1.5)))]
    place, speed = random.uniform(-size, side, 2), random.normal(0, 1.5, 2)
    noise = random.uniform(0, config.noise)
    frames = np.repeat(base[None], count, axis=0).astype(np.float32)
    moves = random.random() < 0.7
    for t, frame in enumerate(frames):
        if moves:
            y, x = np.round(place + speed * t).astype(int)
            top, left = max(y, 0), max(x, 0)
            piece = patch[top - y : max(0, side - y), left - x : max(0, side - x)]
            frame[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
        frame += random.normal(0, noise, frame.shape)
    return np.clip(np.rint(frames), 0, 255).astype(np.uint8)


def _cut(clips: Frames, side: int, random: np.random.Generator) -> Frame:
    frame = clips[random.integers(len(clips)), random.integers(clips.shape[1])]
    y, x = (int(random.integers(length - side + 1)) for length in frame.shape)
    return np.asarray(frame[y : y + side, x : x + side])


def _turned(frames: Frames, random: np.random.Generator) -> Frames:
    if random.random() < 0.25:
        frames = frames.transpose(0, 2, 1)
    if random.random() < 0.5:
        frames = frames[:, :, ::-1]
    return frames[:, ::-1] if random.random() < 0.2 else frames


def _light(random: np.random.Generator) -> NDArray[np.uint8]:
    """A tone curve: gamma and contrast, inverted now and then."""
    tone = np.linspace(0, 1, 256) ** np.exp(random.normal(0, 0.3))
    tone = (tone - 0.5) * random.uniform(0.6, 1.6) + 0.5 + random.uniform(-0.1, 0.1)
    tone = 1 - tone if random.random() < 0.15 else tone
    return np.clip(np.rint(tone * 255), 0, 255).astype(np.uint8)
