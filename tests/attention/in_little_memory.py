"""Heatmaps of a folder in processes that the system gives only so much memory; a line of JSON each.

``python in_little_memory.py FOLDER GRID MEGABYTES...``: 0 megabytes for as much as there is.  The
processes are forked one after the other once everything is imported.
"""

import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
import torch
from gapsphere.plugin.attention.draw import HeatmapRequest, draw
from gapsphere.plugin.attention.explain import Explainer, Question
from gapsphere.scripts.bench.networks import INTERNVIT, random_tower

PATCH, WIDTH = 14, 32


def make_encoder(grid):
    """One whose attention maps, 16 heads of them, take most of the memory."""
    return random_tower(
        INTERNVIT["internvl-300m"]
        | {
            "hidden_size": WIDTH,
            "num_hidden_layers": 2,
            "intermediate_size": 2 * WIDTH,
            "patch_size": PATCH,
            "image_size": grid * PATCH,
        }
    )


def limit(megabytes):
    """Whatever the process holds now and so much more."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = held + (megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main(folder, grid, megabytes):
    torch.set_num_threads(1)
    files = sorted(Path(folder).glob("*.png"))
    items = [HeatmapRequest(file.stem, str(file)) for file in files]
    explainer = Explainer(make_encoder(grid), Question())
    maps = {}

    def sink(ids, heats):
        maps.update(zip(ids, heats, strict=True))

    # All that is loaded or set up at first use; of the smallest images.
    draw(items[:1], Explainer(make_encoder(4), Question()), lambda ids, heats: None, num_workers=1)
    if megabytes:
        limit(megabytes)
    result = draw(items, explainer, sink, batch_size=len(items), num_workers=1)
    told = {
        "done": result.done,
        "skipped": [one.reason for one in result.skipped],
        "notes": list(result.notes),
        "shapes": sorted({heat.shape for heat in maps.values()}),
        "means": [float(np.mean(maps[item.id])) for item in items if item.id in maps],
    }
    sys.stdout.write(json.dumps(told) + "\n")


Explainer(make_encoder(4), Question())  # imports what they need
for amount in sys.argv[3:]:
    if os.fork() == 0:
        main(sys.argv[1], int(sys.argv[2]), int(amount))
        sys.exit()
    if status := os.wait()[1]:
        sys.exit(os.waitstatus_to_exitcode(status) or 1)
