"""The folder that the first request for a viewer lists: six files, no embeddings.

It is made of a real analysis, whose distances and coordinates it keeps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SIX = (
    "umap3d_S.npy",
    "umap3d_U.npy",
    "nn_U_to_S.npy",
    "coverage.json",
    "paths_S.json",
    "paths_U.json",
)


def write_six_files(dataset: Any, folder: Path, delta: float) -> Path:
    """Write the analysis of ``dataset`` as those files, with ``{"delta": delta}`` alone beside."""
    from ...plugin.dataset.gaps.artifacts.export import export_artifacts

    export_artifacts(dataset, folder)
    (folder / "coverage.json").write_text(json.dumps({"delta": delta}))
    for path in folder.iterdir():
        if path.name not in SIX:
            path.unlink()
    return folder
