"""Parameters of the App and of the panel's first look: where it listens, what it shows at first."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from .fields import Params, setting
from .steps import Metric

VIEWER_VARIABLE = "GAPSPHERE_VIEWER"
"""What the panel reads in the App's server process: the start and its choices, as JSON."""
_SPELLED = {"Both": "both", "BOTH": "both", "euclid": "euclidean"}
"""Other spellings of the words below."""
SPELLED = BeforeValidator(lambda value: _SPELLED.get(value, value))
SetName = Literal["S", "U", "both"]


class ViewerParams(Params, section="viewer"):
    """Where the App is served, and the choices that the Gap Explorer panel starts from.

    Only what is given changes the panel, and what a person chooses there later stays.
    """

    host: str = setting("127.0.0.1", "Address to listen on", advanced=False, min_length=1)
    port: int = setting(5151, "App port", advanced=False, ge=1, le=65535)
    show: Annotated[SetName, SPELLED] = setting("both", "Points shown", title="Show")
    projection: Literal["spherical", "cartesian"] = setting(
        "spherical", "Unit sphere or plain 3D UMAP"
    )
    point_limit: int = setting(50_000, "Largest number of points drawn; 0: all", ge=0, le=10**8)
    top_k: int = setting(8, "Neighbours that an answer lists", ge=1, le=200, title="Top K")
    metric: Annotated[Metric, SPELLED] = setting(
        "cosine", "Distance in which neighbours are listed"
    )
    search_space: Annotated[SetName, SPELLED] = setting("U", "Set that is searched for neighbours")
    delta_threshold: float | None = setting(
        None,
        "δ, the distance at which gaps start; empty: the run's",
        ge=0,
        le=2,
        title="δ",
    )
    rerank: bool = setting(True, "Order neighbours by their embedding", title="Re-rank")

    def choices(self) -> dict[str, Any]:
        """What was given of the panel's choices, by the panel's names.

        >>> ViewerParams(top_k=12, projection="spherical").choices()
        {'projection': 'sphere', 'topK': 12}
        """
        names = {
            "show": "show",
            "projection": "projection",
            "point_limit": "limit",
            "top_k": "topK",
            "metric": "metric",
            "search_space": "search",
            "delta_threshold": "delta",
            "rerank": "rerank",
        }
        given = {
            names[name]: getattr(self, name) for name in names if name in self.model_fields_set
        }
        if given.get("projection") == "spherical":
            given["projection"] = "sphere"
        return given
