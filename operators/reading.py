"""What an operator may read: files and folders that its user could choose in the file browser.

The App's server has a current folder, devices and pipes of its own, and a request that names one
of these is no choice of a person's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ..plugin.encoders.checkpoint.hub import MODEL_ID
from ..plugin.errors import InputError
from ..plugin.settings.fields import Params

FOLDER, FILE = "folder", "file"
PATHS = {
    "owned_images": FOLDER,
    "pool_images": FOLDER,
    "csv": FILE,
    "cache_dir": FOLDER,
    "image_dir": FOLDER,
    "spec": FILE,
    "checkpoint": FILE,
    "folder": FOLDER,
}
"""Settings that name a file or folder, whatever the operator, and what the file browser chooses."""
MODELS = ("model_path", "phrase_model")
"""Settings that name a folder or a model's id."""
WRITTEN = "folder"
"""It names what is written in some operators, which take no path for that."""
CLUSTER = "RAY_ADDRESS"
"""The environment's variable that names a Ray cluster, Ray's own."""
_OF_THE_SYSTEM = re.compile(r"/(dev|proc|sys)(/|$)")


def check(params: Params, *, folder: bool = False) -> None:
    """Raise where a setting names what the file browser does not offer; ``folder`` is one too.

    Raises
    ------
    InputError
        A path is not absolute, holds a null character, or is a device, a pipe or a file of the
        system itself; or a cluster is asked for that the App's server was not started with.
    """
    for name, wrong in _engine(dict(params)).items():
        raise InputError(f"{name}: {wrong}")
    for name, path in _paths(dict(params)).items():
        if folder or name != WRITTEN:
            _check(name, path)


def mistakes(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the paths among settings, by setting; also that nothing is there."""
    refused, missing = _engine(values), dict[str, str]()
    for name, path in _paths(values).items():
        try:
            _check(name, path)
        except InputError as error:
            refused[name] = str(error).removeprefix(f"{name}: ")
        else:
            if name in PATHS and not re.search(r"[*?[{]", path) and not os.path.exists(path):
                missing[name] = f"There is no file or folder {path!r}."
    return refused | missing


def _engine(values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the engine: whoever runs a cluster runs code in this process."""
    if values.get("engine") != "ray":
        return {}
    cluster, address = os.environ.get(CLUSTER), values.get("ray_address")
    if cluster and address in (None, "", cluster):
        return {}
    if cluster:
        return {"ray_address": f"In the App the Ray cluster is {cluster}, as {CLUSTER} says."}
    return {
        "engine": f"In the App Ray is used where {CLUSTER} in the environment of its server names "
        "a cluster: set it there, or run this step from Python or the command line."
    }


def _paths(values: Mapping[str, Any]) -> dict[str, str]:
    """The paths among settings; a model of the hub, of the zoo or of a field is none."""
    found = {}
    for name in (*PATHS, *MODELS):
        text = values.get(name)
        if not isinstance(text, str) or not text.strip():
            continue
        if name == "model_path" and values.get("encoder") in ("zoo", "field"):
            continue
        if name in (*MODELS, "checkpoint") and MODEL_ID.fullmatch(text):
            continue
        found[name] = os.path.expanduser(text.strip())
    return found


def _check(name: str, path: str) -> None:
    if "\0" in path:
        raise InputError(f"{name}: {path!r} holds a null character, which no path has.")
    if not os.path.isabs(path):
        raise InputError(
            f"{name}: {path!r} is not an absolute path, and the App's server has another "
            "current folder than you: give the whole path."
        )
    real = os.path.realpath(path)
    special = os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))
    if special or _OF_THE_SYSTEM.match(real) or _OF_THE_SYSTEM.match(os.path.normpath(path)):
        raise InputError(f"{name}: {path} is neither a file nor a folder that the App may read.")
