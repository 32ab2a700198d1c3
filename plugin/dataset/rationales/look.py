"""How an imported cache looks in the App: colours, shown fields, images from afar, a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import fiftyone as fo

from ...errors import InputError
from ...interchange.features.feature_cache import NUM_LABEL, WORD_LABEL
from ...interchange.features.verdicts import FILE_NAME
from ...settings.rationales import FeatureCacheParams
from ..store.names import ReviewNames
from .columns import shown_fields

WORKSPACE = "Feature cache"
FILEPATH, IMAGE_URL = "filepath", ReviewNames.image_url
STATUS = ReviewNames().prediction_status
_UNSAID = ("_cls", "_id", "id")


def check_look(params: FeatureCacheParams) -> None:
    """Refuse an address that a browser should not be sent to.

    Raises
    ------
    InputError
        ``image_root`` is not an http or https address, or contains a password.
    """
    root = params.image_root
    if not root:
        return
    try:
        parts = urlsplit(root)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = bool(parts.username or parts.password)
    except ValueError:
        sound = secret = False
    if not sound or any(sign.isspace() or not sign.isprintable() for sign in root):
        raise InputError(f"image_root: {root!r} is not an address such as https://host/folder.")
    if secret:
        raise InputError(
            "image_root contains a password, which every sample would show: leave it out."
        )


def image_url(root: str, file_name: str) -> str:
    """Address of one image.

    >>> image_url("https://host/a", "plot 1/x.jpg")
    'https://host/a/plot%201/x.jpg'
    """
    return f"{root.rstrip('/')}/{quote(file_name)}"


def save_look(
    dataset: fo.Dataset,
    params: FeatureCacheParams,
    before: Sequence[FeatureCacheParams],
    *,
    placed: bool,
    cards: bool,
) -> None:
    """Set colours and shown fields, the images' address, and a workspace with the maps.

    ``before`` are the settings of the imports that may have left the look that is there: colours
    and shown fields that are not as one of them leaves them are a person's, and stay.
    """
    config = dataset.app_config
    colours, fields = config.color_scheme, config.active_fields
    if dataset.has_field(params.color_by) and _is_ours(colours, before):
        config.color_scheme = _scheme(params)
    looks = [_shown(dataset, each, cards=drawn) for each in before for drawn in (True, False)]
    if fields is None or (not fields.exclude and list(fields.paths) in looks):
        config.active_fields = fo.ActiveFields(
            paths=_shown(dataset, params, cards=cards), exclude=False
        )
    if params.image_root:
        config.media_fields = list(dict.fromkeys([*config.media_fields, FILEPATH, IMAGE_URL]))
        config.media_fallback = True
        # Who names an address means it; the App's settings still offer the files.
        config.grid_media_field = config.modal_media_field = IMAGE_URL
    dataset.save()
    if not placed or dataset.has_workspace(WORKSPACE):  # a person may have arranged it
        return
    # Which run FiftyOne's panel shows cannot be said here: it forgets that each time it opens.
    grid = fo.Panel(type="Samples", pinned=True)
    panels = [fo.Panel(type=name) for name in ("rationale_summary", "Embeddings", "gap_explorer")]
    # Without an active child the App leaves a space blank.  Three tabs and what the App draws
    # beside them, the workspace's name included, need so much of a window of 1500 pixels.
    left = fo.Space(children=[grid], active_child=grid.component_id)
    right = fo.Space(children=panels, active_child=panels[0].component_id)
    space = fo.Space(children=[left, right], orientation="horizontal", sizes=[0.33, 0.67])
    dataset.save_workspace(WORKSPACE, space)


def _scheme(params: FeatureCacheParams) -> fo.ColorScheme:
    by = {"path": params.color_by, "colorByAttribute": "value"}
    return fo.ColorScheme(color_by="value", fields=[by])


def _is_ours(colours: fo.ColorScheme | None, before: Sequence[FeatureCacheParams]) -> bool:
    """Whether nobody has chosen colours, or all is as an import left it."""
    return colours is None or _said(colours) in [_said(_scheme(each)) for each in before]


def _said(colours: fo.ColorScheme) -> dict[str, Any]:
    said = colours.to_dict()
    return {name: value for name, value in said.items() if value and name not in _UNSAID}


def _shown(dataset: fo.Dataset, params: FeatureCacheParams, *, cards: bool) -> list[str]:
    """Fields over the images; where cards stand in for images, not what they already say."""
    named = [name for name in shown_fields(params) if dataset.has_field(name)]
    if WORD_LABEL in named and params.hover == FeatureCacheParams.model_fields["hover"].default:
        named = [name for name in named if name != NUM_LABEL]  # a class that has a name needs none
    shown = list(dict.fromkeys([*named, STATUS]))
    if cards:
        shown = [name for name in shown if name not in (FILE_NAME, WORD_LABEL, STATUS)]
    return shown
