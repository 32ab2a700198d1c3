"""Settings of work on sequences of full frames: which frames, at what size, what stays of them."""

from __future__ import annotations

from .steps import Params, setting


class FrameParams(Params):
    """Which samples are frames, and the size at which they are worked on."""

    sequence_field: str = setting(
        "sequence",
        "Field whose value names a frame's sequence; without it all samples are one",
        key="frames.sequence_field",
        advanced=False,
        title="Sequences by",
    )
    order_field: str = setting(
        "frame_number",
        "Field that orders the frames of a sequence; without it their files do",
        key="frames.order_field",
        advanced=False,
        title="In the order of",
    )
    side: int = setting(
        128,
        "Longest side of the working frames, in pixels; the shape is kept, nothing is enlarged. "
        "The packaged model learned at 128",
        key="frames.side",
        advanced=False,
        ge=16,
        le=4096,
        title="Working size",
    )


class SimulationParams(FrameParams):
    """What a simulation samples and leaves behind, beside the settings of the loop."""

    density: float | None = setting(
        None,
        "Share of a frame's pixels, in place of their number, above 0 to 1",
        key="simulation.density",
        gt=0,
        le=1,
        title="Pixels as a share",
    )
    owned: str = setting(
        "S",
        "Images you own, which set what counts as hard: a sample tag, field:NAME=VALUE, view:NAME",
        key="simulation.owned",
        title="S: images you own",
    )
    quantile: float = setting(
        0.95,
        "A frame is hard to rebuild when its error is above this quantile of those of S",
        key="simulation.quantile",
        ge=0,
        le=1,
        title="Hard above",
    )
    keypoints: bool = setting(
        False,
        "Keep the measured pixels as keypoints, some 25 KB a frame at 500 pixels",
        key="simulation.keypoints",
        title="Keep measured pixels",
    )
    device: str | None = setting(
        None,
        "cpu, cuda, cuda:1, mps; empty: a GPU when there is one",
        key="simulation.device",
    )
    overwrite: bool = setting(
        False,
        "Replace the results of other settings, and make equal ones again",
        key="simulation.overwrite",
    )


NOTHING = "nothing"
"""Start of a training that starts from no model."""


class ClipParams(FrameParams):
    """How sequences become training clips, and what the model that learns from them is called."""

    model_name: str = setting(
        "trained",
        "Name of the model, by which simulations and the server choose it; the same name goes on",
        key="training.model_name",
        advanced=False,
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
        max_length=40,
        title="Name",
    )
    start_from: str = setting(
        "default",
        "Model to start from, by its name; nothing: from random weights, which takes far longer",
        key="training.start_from",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        max_length=64,
    )
    clip_length: int = setting(
        14,
        "Frames of a clip; shorter sequences are left out",
        key="training.clip_length",
        ge=3,
        le=1000,
    )
    most_frames: int = setting(
        20_000,
        "Frames held in memory; of more, clips are left out evenly",
        key="training.most_frames",
        ge=10,
    )
    overwrite: bool = setting(
        False,
        "Begin anew where a model of that name is there",
        key="training.overwrite",
    )
    validate_every: int = setting(
        50, "Steps between two validations", key="training.validate_every", ge=1
    )
