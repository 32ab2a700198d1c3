"""Settings under headings, where they are more than a glance takes in."""

from __future__ import annotations

from collections.abc import Sequence

from .fields import Setting

FEW = 8
"""So many settings need no headings."""
OTHER = "Other"
HEADINGS = {
    "analysis": "Analysis",
    "data": "Files",
    "model": "Encoder",
    "inference.image_size": "Encoder",
    "inference.overwrite": "Encoder",
    "preprocess": "What is read of each image",
    "inference.attributes": "What is read of each image",
    "distance": "Distances and verdicts",
    "kcenter": "Picks",
    "select": "Picks",
    "curve": "Picks",
    "umap": "Sphere",
    "cards": "Gap cards",
    "heatmap": "Heatmap",
    "simulation": "Hard frames",
    "sampling": "Where pixels go",
    "sampling.adaptive_sampler": "Where pixels go",
    "sampling.importance_calculator": "Importance",
    "sampling.quality": "Number of pixels",
    "model.checkpoint_key": "The model",
    "model.sentinel_value": "The model",
    "training": "The model",
    "frames": "Frames",
    "spec": "The page",
    "server": "Server",
    "inference": "Speed and memory",
    "engine": "Where it runs",
    "ray": "Where it runs",
}
"""By key, else by its section in a YAML file."""


def headed(settings: Sequence[Setting]) -> dict[str, list[Setting]]:
    """Settings by heading, those of no other last; under "" where few or of one kind."""
    groups: dict[str, list[Setting]] = {name: [] for name in (*HEADINGS.values(), OTHER)}
    for setting in settings:
        key = setting.key or ""
        groups[HEADINGS.get(key) or HEADINGS.get(key.rpartition(".")[0], OTHER)].append(setting)
    used = {name: group for name, group in groups.items() if group}
    return used if len(used) > 1 and len(settings) > FEW else {"": [*settings]}
