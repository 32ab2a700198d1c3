"""A Visual Spec as a folder of files, to be read, or damaged, as another program would."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
from gapsphere.plugin.report.spec.package import write_spec


def unpacked(spec, folder) -> Path:
    """Write a spec to ``spec.zip`` of a folder and unpack it beside that; where its files lie."""
    write_spec(folder / "spec.zip", spec)
    with zipfile.ZipFile(folder / "spec.zip") as archive:
        archive.extractall(folder / "out")
    return folder / "out" / spec.id


def replace_arrays(folder, arrays) -> None:
    """Give an unpacked spec other arrays, which it takes for its own."""
    np.savez(folder / "reference.npz", **arrays)
    document = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    digest = hashlib.blake2b((folder / "reference.npz").read_bytes(), digest_size=16).hexdigest()
    document["reference"]["blake2b"] = digest
    (folder / "spec.json").write_text(json.dumps(document), encoding="utf-8")
