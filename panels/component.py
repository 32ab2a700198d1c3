"""Panels whose content is a React component of the plugin's bundle."""

from __future__ import annotations

import json
from functools import cache
from typing import ClassVar

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.registry import OperatorRegistry

from ..plugin.dataset.store import fiftyone_internals


class ComponentPanel(foo.Panel):
    """A subclass names itself, its component and the events that the component may call.

    FiftyOne calls ``render`` after every event: what is computed goes through panel data or an
    event's answer instead.
    """

    panel: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    icon: ClassVar[str]
    category: ClassVar[foo.Categories] = foo.Categories.CURATE
    surfaces: ClassVar[str] = "grid"
    allow_multiple: ClassVar[bool] = False
    component: ClassVar[str]
    events: ClassVar[tuple[str, ...]]

    @property
    def config(self) -> foo.PanelConfig:
        return foo.PanelConfig(
            name=self.panel,
            label=self.label,
            help_markdown=self.help,
            icon=self.icon,
            category=self.category,
            surfaces=self.surfaces,
            allow_multiple=self.allow_multiple,
        )

    def render(self, _ctx: foo.ExecutionContext) -> types.Property:
        events = {name: getattr(self, name) for name in self.events}
        view = types.View(component=self.component, composite_view=True, **events)
        return types.Property(types.Object(), view=view)


class ViewPanel(ComponentPanel):
    """A panel of what the grid shows.

    Its component is there at once and asks for its contents itself, with what only the browser
    knows; panel data says no more than that the view is another one, as another number.
    """

    def on_load(self, ctx: foo.ExecutionContext) -> None:
        self.on_change_view(ctx)

    def on_change_view(self, ctx: foo.ExecutionContext) -> None:
        ctx.panel.set_data("view", hash(stages(ctx.view)) if ctx.dataset is not None else 0)

    on_change_dataset = on_change_view


def stages(view: fo.DatasetView) -> str:
    """The view in words: equal for two views of one dataset that hold the same samples."""
    return json.dumps(fiftyone_internals.stages(view), sort_keys=True, default=str)


def can_prompt(uri: str) -> bool:
    """Whether there is such an operator, whose form a panel could open."""
    return uri in _uris()


@cache
def _uris() -> frozenset[str]:
    """Every operator there is, listed once: FiftyOne reads all plugins' files for each list.

    Panels ask for operators of their own plugin, which come and go with the panels themselves.
    """
    return frozenset(operator.uri for operator in OperatorRegistry().list_operators())
