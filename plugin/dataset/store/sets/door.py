"""Which samples a step may work on: the one place that looks at media types, groups and views.

Steps work on images, one sample an image.  Of a grouped dataset (a rig) they work on chosen slices,
as one flat view: the group is a moment of a scene, the slice its camera.  Everything else is
refused in one sentence, before anything is written.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache

import fiftyone as fo
from fiftyone.core.media import IMAGE, get_media_type

from ....coverage.words import counted
from ....errors import InputError
from ....vectors.sample_ids import id_keys
from .. import fiftyone_internals as internals
from ..samples import Samples, dataset_of, flat, image_slices, slice_path

ALL_SLICES = "all"
_ASK_EACH = ("Match", "MatchTags", "Exists", "SelectBy", "Select", "Exclude", "SortBy")
"""Stages that ask something of each sample by itself, or of none."""
_INSTEAD = {
    "video": "load the videos with load_images, which takes frames of them, into a dataset of "
    "images",
    "point-cloud": "a point cloud is not an image: choose a dataset of camera images",
    "3d": "a 3D scene is not an image: choose a dataset of camera images",
    "unknown": "FiftyOne reads the media type off the ending of the file: give images one such as "
    ".png or .jpg, and add them again",
    "mixed": "its samples are of several media types: put the images into a dataset of their own",
}
_GENERATED = {
    "patches": "A view of patches stands for parts of images: export the patches as images "
    "(view.export) and load those, or pass the dataset itself.",
    "clips": "A view of clips stands for parts of videos: load the videos with load_images, which "
    "takes frames of them.",
    "frames": "A view of frames is made up of videos: make it a dataset of its own (view.clone()) "
    "and pass that.",
}


def admitted(samples: Samples, slices: str | None = None, *, videos: bool = False) -> Samples:
    """The images among ``samples`` that a step may work on; of groups, the chosen slices, flat.

    Parameters
    ----------
    samples
        A dataset or a view of it.
    slices
        Names of group slices, separated by commas, or ``all``; not needed where there is one slice
        of images.
    videos
        Whether the step also takes videos, of which it makes frames.

    Raises
    ------
    InputError
        Samples that are no images, parts of images or videos, dynamic groups; several slices and
        none chosen; an unknown slice, or one of another media type.
    """
    dataset = dataset_of(samples)
    if isinstance(samples, fo.DatasetView):
        _refuse_view(samples)
        samples = internals.with_all_fields(samples)
    kind = samples.media_type
    if kind == "group" and samples.group_slices is not None:
        return samples.select_group_slices(chosen(dataset, slices))
    if kind == "group":  # flat already, though FiftyOne still calls it so
        wanted = chosen(dataset, slices or ALL_SLICES)
        return samples.match(fo.ViewField(f"{dataset.group_field}.name").is_in(wanted))
    if kind not in (None, "image", *(["video"] * videos)):
        instead = _INSTEAD.get(kind, "choose a dataset of images")
        raise InputError(
            f"{dataset.name!r} holds {_held(kind)}, and this step needs images: {instead}."
        )
    return _of_slices(samples, dataset, slices)


def groups_left_out(samples: Samples) -> str:
    """What a view of groups cannot hold, in words: groups without a sample of its active slice.

    Its stages ask that slice alone.  "" where there are none, or the view is flat.
    """
    dataset = dataset_of(samples)
    if not isinstance(samples, fo.DatasetView) or samples.media_type != "group":
        return ""
    if samples.group_slices is None or internals.is_dynamic_groups(samples):
        return ""
    every, path, asked = flat(dataset), f"{dataset.group_field}.id", internals.stages(samples)
    exact = all(stage["_cls"].rpartition(".")[2] in _ASK_EACH for stage in asked)
    if exact:
        every = internals.view_of(dataset, [*internals.stages(every), *asked])
    active = dataset.select_group_slices(samples.group_slice)
    lost = len(set(every.distinct(path)).difference(active.distinct(path)))
    said = f"{counted(lost, 'group')} without a {samples.group_slice!r}"
    return (said if exact else f"up to {said}") if lost else ""


def _of_slices(samples: Samples, dataset: fo.Dataset, slices: str | None) -> Samples:
    """The chosen slices of a view that is flat already."""
    if not slices or slices.strip(" ,") in ("", ALL_SLICES):
        return samples
    path = slice_path(dataset)
    if path is None:
        raise InputError(
            f"{dataset.name!r} is not grouped, so it has no slice {slices!r}: leave slices out."
        )
    return samples.match(fo.ViewField(path).is_in(chosen(dataset, slices)))


def chosen(dataset: fo.Dataset, slices: str | None) -> list[str]:
    """The slices that a setting names, in the dataset's order.

    Raises
    ------
    InputError
        As :func:`admitted`.
    """
    images = image_slices(dataset)
    if not images:
        raise InputError(
            f"{dataset.name!r} has no slice of images: its slices are {_listed(dataset)}."
        )
    names = _named(slices or "", images)
    if not names and len(images) == 1:
        return images
    if not names:
        raise InputError(
            f"{dataset.name!r} has {len(images)} slices of images: {', '.join(images)}. Set "
            f"slices to those to work on, with commas between them, or to {ALL_SLICES}."
        )
    if names == [ALL_SLICES]:
        return images
    for name in names:
        if name not in images:
            raise InputError(
                f"{name!r} is not a slice of images of {dataset.name!r}; its slices are "
                f"{_listed(dataset)}. Upper and lower case differ; {ALL_SLICES} takes every "
                "slice of images."
            )
    return [name for name in images if name in names]


def _named(text: str, known: Sequence[str]) -> list[str]:
    """Names between commas; a name that holds commas itself is found among those ``known``.

    >>> _named("front, left, back", ["front, left", "back"]), _named("a,,b", [])
    (['front, left', 'back'], ['a', 'b'])
    """
    parts, names = text.split(","), []
    while parts:
        ends = range(len(parts), 1, -1)
        end = next((end for end in ends if ",".join(parts[:end]).strip() in known), 1)
        names.append(",".join(parts[:end]).strip())
        parts = parts[end:]
    return [name for name in names if name]


def is_image(path: str) -> bool:
    """Whether FiftyOne takes a file for an image, which its ending decides.

    >>> is_image("/drive/1.PNG"), is_image("/drive/1.dng"), is_image("/drive/notes")
    (True, False, False)
    """
    return _image_ending(os.path.splitext(path)[1].lower())


@cache
def _image_ending(ending: str) -> bool:
    return bool(get_media_type(f"any{ending}") == IMAGE)


def refuse_additions(dataset: fo.Dataset) -> None:
    """Stop before images would be added to a dataset that cannot hold them.

    Raises
    ------
    InputError
        The dataset is of another media type, or grouped.
    """
    kind = dataset.media_type
    if kind == "group":
        raise InputError(
            f"{dataset.name!r} is grouped, and a file alone belongs to no group: load into another "
            "dataset, or add groups with FiftyOne and say who is S and U with tag_samples."
        )
    if kind not in (None, "image"):
        raise InputError(
            f"{dataset.name!r} holds {_held(kind)}, and images cannot be added to them: name "
            "another dataset, or none, to begin a new one."
        )


def _refuse_view(view: fo.DatasetView) -> None:
    generated = internals.generated_kind(view)
    if generated is not None:
        raise InputError(_GENERATED[generated])
    if internals.is_dynamic_groups(view):
        raise InputError(
            "The view is grouped by a field, and would count each group as one image: pass "
            "view.flatten(), or the dataset itself."
        )
    if internals.may_repeat(view):
        ids = internals.view_ids(view)
        known = id_keys(ids)
        if len(known) < len(ids):
            raise InputError(
                f"The view holds {counted(len(ids) - len(known), 'sample')} twice, as views that "
                "overlap and were joined do: pass dataset.select(view.values('id')), or the "
                "dataset itself."
            )


def _held(kind: str) -> str:
    return "samples of unknown media type" if kind == "unknown" else f"{kind} samples"


def _listed(dataset: fo.Dataset) -> str:
    kinds = dataset.group_media_types
    named = ", ".join(f"{name} ({kinds[name]})" for name in sorted(dataset.group_slices))
    return named or "none, it is empty"
