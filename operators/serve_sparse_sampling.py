"""``serve_sparse_sampling``: start and stop the live server, and see whether it runs.

Its imports wait until it is used: they bring torch, and the App loads every operator at its start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
from fiftyone.operators import types
from fiftyone.operators.types import RiskLevel

from ..plugin.dataset.store import places
from ..plugin.settings.fields import select
from . import form

if TYPE_CHECKING:
    from ..plugin.settings.serving import ServeParams
    from ..plugin.sparse.live.process import ServerState

LABEL = "Serve sparse sampling"


class ServeSparseSampling(foo.Operator):
    @property
    def config(self) -> foo.OperatorConfig:
        return foo.OperatorConfig(
            name="serve_sparse_sampling",
            label=f"Gapsphere: {LABEL}",
            description="Start or stop the server that live clients sample pixels with; it runs "
            "in a process of its own and survives a reload of the App.",
            icon="sensors",
            dynamic=True,
            risk_level=RiskLevel.HIGH,
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        from ..plugin.sparse.live.process import LiveParams, read_state

        state = read_state(places.sparse_server())
        if state is None:
            inputs = form.form(
                ctx,
                LiveParams,
                label="Not running",
                help="Starts a server on this machine; clients connect to it by WebSocket.",
            )
            button = "Start"
        else:
            inputs, button = types.Object(), "Stop the server"
            ends = "Stopping it ends the sessions of all clients."
            inputs.view("about", types.Notice(label="Running", description=ends))
            inputs.md(described(state), name="state")
        view = types.PromptView(label=LABEL, submit_button_label=button)
        return types.Property(inputs, view=view)

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        from ..plugin.settings.serving import ServeParams
        from ..plugin.settings.sparse import SparseParams
        from ..plugin.sparse.live.process import LiveParams, read_state, start_server, stop_server

        folder = places.sparse_server()
        action = ctx.params.get("action") or ("stop" if read_state(folder) else "start")
        if action == "status":
            state = read_state(folder)
            return {"text": "Not running." if state is None else described(state)}
        if action == "stop":
            state = stop_server(folder)
            where = "" if state is None else f" at {state.address}"
            return {"text": f"Stopped the server{where}." if state else "There was no server."}
        params = form.read(ctx, LiveParams)
        serving = with_trained(select(ServeParams, params))
        state = start_server(folder, serving, select(SparseParams, params))
        return {"text": described(state)}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        outputs = types.Object()
        outputs.str("text", label=LABEL, view=types.MarkdownView())
        return types.Property(outputs)


def with_trained(params: ServeParams) -> ServeParams:
    """The settings with every model that was trained here, under its name, beside those given."""
    from ..plugin.dataset.sparse.models import trained_here

    files = {**trained_here(), **params.model_files}
    told = ",".join(f"{name}={file}" for name, file in files.items())
    return params.model_copy(update={"models": told})


def described(state: ServerState) -> str:
    """What runs, in Markdown."""
    from ..plugin.sparse.live.process import ask

    lines = [
        f"**Clients connect to** `{state.stream}`" + (" with the token" if state.token else ""),
        f"**Running since** {time.strftime('%Y-%m-%d %H:%M', time.localtime(state.began))}, "
        f"process {state.pid}",
        f"**Log** `{state.log}`",
    ]
    answer = ask(state, "sessions")
    if answer is None:
        return "\n\n".join([*lines, "**It does not answer.** See its log, or stop it."])
    sessions = answer["sessions"]
    lines.append(f"**Sessions** {len(sessions)}")
    if sessions:
        rows = ["| session | size | pixels | frames | last step |", "|---|---|---|---|---|"]
        rows += [
            f"| {s['session_id'][:8]} | {s['resolution'][0]} x {s['resolution'][1]} "
            f"| {s['sample_count']} | {s['answered']} | {s['last_step_ms'] or 0:.0f} ms |"
            for s in sessions[:20]
        ]
        lines.append("\n".join(rows))
    return "\n\n".join(lines)
