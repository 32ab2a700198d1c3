"""How the samples of an analysis look in the App: only on datasets of our own, or when asked."""

from __future__ import annotations

import fiftyone as fo
from fiftyone import ViewField as F

from ..names import Names
from ..samples import flat

PICKS_VIEW, GAPS_VIEW = "Picks", "Gaps"
GAP_COLOUR, COVERED_COLOUR = "#D55E00", "#0072B2"  # Okabe and Ito (2008): told apart by all eyes
DISTANCE_SCALE = [
    {"value": stop, "color": colour}
    for stop, colour in zip(
        (0.0, 0.25, 0.5, 0.75, 1.0),
        ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"),
        strict=True,
    )
]


def colour_samples(dataset: fo.Dataset) -> None:
    """Colour gaps and covered candidates apart and show the fields that answer the question.

    A colour scheme or active fields that somebody chose stay.
    """
    names = Names()
    marks = [
        {"value": "true", "color": GAP_COLOUR},
        {"value": "false", "color": COVERED_COLOUR},
    ]
    if dataset.app_config.color_scheme is None:
        dataset.app_config.color_scheme = fo.ColorScheme(
            color_by="value",
            fields=[{"path": names.is_gap, "colorByAttribute": "value", "valueColors": marks}],
            colorscales=[{"path": names.dist_to_S, "list": DISTANCE_SCALE}],
        )
    if dataset.app_config.active_fields is None:
        dataset.app_config.active_fields = fo.ActiveFields(
            paths=["tags", names.is_gap, names.dist_to_S, names.kcenter_rank], exclude=False
        )
    dataset.save()


def hide_at_first(dataset: fo.Dataset, path: str, *, instead: str) -> None:
    """Leave a label field out of the grid, where ``instead`` shows, until somebody ticks it.

    Without active fields the App shows all labels but maps.  Named are therefore those, less
    ``path``; an empty list would be none, and a list of what to leave out shows all fields else
    (seen with FiftyOne 1.22.1).  Active fields that somebody chose stay.
    """
    if dataset.app_config.active_fields is not None:
        return
    labels = dataset.get_field_schema(embedded_doc_type=fo.Label)
    shown = [
        name
        for name, field in labels.items()
        if name != path and not issubclass(field.document_type, (fo.Heatmap, fo.Segmentation))
    ]
    dataset.app_config.active_fields = fo.ActiveFields(paths=[*shown, instead], exclude=False)
    dataset.save()


def save_views(dataset: fo.Dataset) -> None:
    """Save the two views that one asks for first: the picks in order, the gaps farthest first.

    A view of that name stays: a person may have edited it.
    """
    names = Names()
    picks = flat(dataset).match_tags(names.kcenter_tag).sort_by(names.kcenter_rank)
    gaps = flat(dataset).match(F(names.is_gap) == True).sort_by(names.dist_to_S, reverse=True)  # noqa: E712
    for name, view in ((PICKS_VIEW, picks), (GAPS_VIEW, gaps)):
        if not dataset.has_saved_view(name):
            dataset.save_view(name, view)
