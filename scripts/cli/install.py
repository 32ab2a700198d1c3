"""Gapsphere's folder becomes a link in FiftyOne's plugin folder: repeatable, undoable."""

from __future__ import annotations

import os
from pathlib import Path

from ...plugin import PLUGIN
from ...plugin.errors import InputError

NAME, MANIFEST = "gapsphere", "fiftyone.yml"
ROOT = Path(__file__).resolve().parents[2]


def plugin_link() -> Path:
    """Path of the link."""
    import fiftyone as fo

    return Path(fo.config.plugins_dir) / NAME


def install() -> str:
    """Link the folder, unless something else is in its place; a second time changes nothing."""
    link = plugin_link()
    if _is_ours(link):
        if link.resolve() == ROOT:
            return f"{link} is linked to {ROOT} already."
        link.unlink()
    elif os.path.lexists(link):
        raise InputError(f"{link} exists and is not a link to Gapsphere: move it away first.")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(ROOT, target_is_directory=True)
    return f"{link} -> {ROOT}"


def remove() -> str:
    """Remove the link; the folder it points to stays."""
    link = plugin_link()
    if not _is_ours(link):
        if os.path.lexists(link):
            raise InputError(f"{link} is not a link to Gapsphere; it was left in place.")
        return f"{link} is not there."
    link.unlink()
    return f"{link} removed."


def _is_ours(link: Path) -> bool:
    """Whether it is a link to Gapsphere, in whatever folder that is, or to nothing any more."""
    if not link.is_symlink():
        return False
    try:
        return PLUGIN in (link / MANIFEST).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return not link.exists()


def reachable() -> bool:
    """Whether FiftyOne finds the plugin."""
    import fiftyone.plugins as fop

    return any(plugin.name == PLUGIN for plugin in fop.list_plugins())


def ensure_for_this_process() -> None:
    """Let an App that this process opens find the plugin, without leaving a trace.

    Call it before FiftyOne is imported, which reads the folder's name once.
    """
    os.environ.setdefault("FIFTYONE_PLUGINS_DIR", str(ROOT))
