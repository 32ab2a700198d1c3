"""What an operator may read: files and folders that its user could choose in the file browser.

The App's server has a current folder, devices and pipes of its own, and a request that names one
of these is no choice of a person's.
"""

from __future__ import annotations

import os
import re

from ..plugin.encoders.hub import MODEL_ID
from ..plugin.errors import InputError
from ..plugin.settings.fields import Params

PATHS = ("owned_images", "pool_images", "csv", "cache_dir", "image_dir", "spec", "checkpoint")
"""Settings that name a file or folder, whatever the operator."""
_OF_THE_SYSTEM = re.compile(r"/(dev|proc|sys)(/|$)")


def check(params: Params, *, folder: bool = False) -> None:
    """Raise where a setting names what the file browser does not offer; ``folder`` is one too.

    Raises
    ------
    InputError
        A path is not absolute, holds a null character, or is a device, a pipe or a file of the
        system itself.
    """
    for name in (*PATHS, "model_path", *(["folder"] if folder else [])):
        text = getattr(params, name, None)
        if not isinstance(text, str) or not text.strip():
            continue
        if name == "model_path" and getattr(params, "encoder", None) in ("zoo", "field"):
            continue
        if name in ("model_path", "checkpoint") and MODEL_ID.fullmatch(text):
            continue
        _check(name, os.path.expanduser(text.strip()))


def _check(name: str, path: str) -> None:
    if "\0" in path:
        raise InputError(f"{name}: {path!r} holds a null character, which no path has.")
    if not os.path.isabs(path):
        raise InputError(
            f"{name}: {path!r} is no absolute path, and the App's server has another current "
            "folder than you: give the whole path."
        )
    real = os.path.realpath(path)
    special = os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path))
    if special or _OF_THE_SYSTEM.match(real) or _OF_THE_SYSTEM.match(os.path.normpath(path)):
        raise InputError(f"{name}: {path} is neither a file nor a folder of yours.")
