"""Gap Explorer as FiftyOne calls it, without a browser; answers are held against the contract."""

from __future__ import annotations

from .contracts import check, matches

URI = "@gapsphere/gap-explorer/gap_explorer"


class OpenPanel:
    """One open panel: keeps its data as the browser would.

    ``requests`` is what the last event told the App to do.
    """

    def __init__(self, dataset, panel_id="panel"):
        self.dataset, self.id, self.data, self.requests = dataset, panel_id, {}, []

    @classmethod
    def loaded(cls, dataset, panel_id="panel"):
        """One that is filled."""
        panel = cls(dataset, panel_id)
        panel.load()
        return panel

    def load(self):
        """What the App and the component do first."""
        self.call("on_load")
        self.call("reload", limit=50_000, suffix=None)

    @property
    def run(self):
        """The analysis that it shows, {} without one."""
        return self.data.get("run") or {}

    @property
    def stamp(self):
        """Of the points that it shows."""
        return self.run.get("stamp")

    def call(self, method, **params):
        """The answer of an event; about the points shown, unless a stamp says otherwise."""
        import fiftyone.operators as foo
        from gapsphere.panels.gap_explorer import contract

        context = {"panel_id": self.id, "__method__": method, "panel_state": {}}
        params = {**context, "stamp": self.stamp, **params}
        done = foo.execute_operator(URI, dataset=self.dataset, params=params)
        self.requests = done.executor.to_json()["requests"]
        for request in self.requests:
            if request["operator_uri"] == "patch_panel_data":
                self.data.update(request["params"]["data"])
        matches(contract.PanelData, self.data)
        return check(contract, method, done.result)

    def triggered(self, name):
        """Parameters of each time that an operator of the App was asked for."""
        return [one["params"] for one in self.requests if one["operator_uri"] == name]
