"""Gapsphere's folder becomes a link in FiftyOne's plugin folder: repeatable, undoable."""

from __future__ import annotations

import os
from pathlib import Path

from ...plugin.errors import InputError

NAME = "gapsphere"
ROOT = Path(__file__).resolve().parents[2]


def plugin_link() -> Path:
    """Where the link lies, or would."""
    import fiftyone as fo

    return Path(fo.config.plugins_dir) / NAME


def install() -> str:
    """Link the folder; a second time changes nothing.

    Raises
    ------
    InputError
        Something else lies where the link would go.
    """
    link = plugin_link()
    if link.is_symlink():
        if link.resolve() == ROOT:
            return f"{link} is linked to {ROOT} already."
        link.unlink()
    elif link.exists():
        raise InputError(f"{link} exists and is no link of ours: move it away first.")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(ROOT, target_is_directory=True)
    return f"{link} -> {ROOT}"


def remove() -> str:
    """Take the link away; what it points to stays."""
    link = plugin_link()
    if not link.is_symlink():
        if link.exists():
            raise InputError(f"{link} is no link of ours; it stays.")
        return f"{link} is not there."
    link.unlink()
    return f"{link} removed."


def reachable() -> bool:
    """Whether FiftyOne finds the plugin as things stand."""
    import fiftyone.plugins as fop

    return any(plugin.name == "@gapsphere/gap-explorer" for plugin in fop.list_plugins())


def ensure_for_this_process() -> None:
    """Let an App that this process opens find the plugin, without leaving a trace.

    Has to run before FiftyOne is imported: it reads the folder's name once.
    """
    os.environ.setdefault("FIFTYONE_PLUGINS_DIR", str(ROOT))
