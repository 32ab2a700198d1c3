"""A panel whose content is a React component of the plugin's bundle."""

from __future__ import annotations

from typing import ClassVar

import fiftyone.operators as foo
from fiftyone.operators import types


class ComponentPanel(foo.Panel):
    """Names its component and the events that the component may call.

    FiftyOne calls ``render`` after every event: what is computed goes through panel data or an
    event's answer instead.
    """

    component: ClassVar[str]
    events: ClassVar[tuple[str, ...]]

    def render(self, ctx: foo.ExecutionContext) -> types.Property:
        events = {name: getattr(self, name) for name in self.events}
        view = types.View(component=self.component, composite_view=True, **events)
        return types.Property(types.Object(), view=view)
