"""Parameters of the live server: where it listens, who may connect, and the limits of each client.

It listens on this machine alone by default; any other address needs a token, because everyone who
reaches the port can use the server.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Any, Literal

from pydantic import model_validator

from ..errors import InputError
from . import fields
from .fields import Params, setting

TOKEN_VARIABLE = "GAPSPHERE_SERVER_TOKEN"
MonitorKind = Literal["none", "tensorboard", "wandb"]


class ServeParams(Params, section="server"):
    """Where the server listens, who may connect, and how much each client may use."""

    host: str = setting(
        "127.0.0.1",
        "Address to listen on; any but this machine's own needs a token",
        advanced=False,
        min_length=1,
    )
    port: int = setting(8765, "Port to listen on; 0: any free one", advanced=False, ge=0, le=65535)
    token: str = setting(
        "",
        "Clients send it as `Authorization: Bearer TOKEN` or `?token=TOKEN`; empty: that of the "
        f"environment variable {TOKEN_VARIABLE}, or none. Not taken on the command line",
        advanced=False,
        max_length=200,
    )
    origins: str = setting(
        "",
        "Web pages that may connect, such as https://example.org, separated by commas; clients "
        "other than web pages send no origin",
        title="Allowed origins",
    )
    models: str = setting(
        "",
        "Further models that clients may choose: name=file.safetensors, separated by commas",
        title="More models",
    )
    device: str = fields.device(default="cpu")
    workers: int = setting(2, "Frames processed at once", ge=1, le=64)
    max_sessions: int = setting(
        64, "Largest number of sessions at once", title="Maximum sessions", ge=1, le=10_000
    )
    max_pixels: int = setting(
        640 * 480,
        "Largest number of pixels in a frame (W x H)",
        title="Maximum frame size",
        ge=1,
        le=1 << 26,
    )
    max_samples: int = setting(
        20_000, "Largest number of samples in a frame", title="Maximum samples", ge=1
    )
    max_message_kb: int = setting(
        1024, "Largest size of one message, in KiB", title="Maximum message size", ge=16, le=1 << 18
    )
    max_fps: float = setting(
        120.0,
        "Messages per second read from one client; a faster client is slowed down",
        title="Message rate limit",
        gt=0,
    )
    max_kb_per_second: int = setting(
        8192, "KiB per second read from one client", title="Bandwidth limit", ge=16
    )
    start_seconds: float = setting(
        10.0, "Seconds for a new client to start its session", title="Session-start timeout", gt=0
    )
    idle_seconds: float = setting(
        60.0,
        "Seconds without a message after which a client is disconnected",
        title="Idle timeout",
        gt=0,
    )
    send_seconds: float = setting(
        10.0,
        "Seconds without reading after which a client is disconnected",
        title="Send timeout",
        gt=0,
    )
    record: str = setting("", "Folder to record sessions to; empty: none", title="Record to")
    record_mb: int = setting(
        2000, "Stop recording at this size, in MB", title="Maximum recording size", ge=1
    )
    monitor: MonitorKind = setting(
        "none", "Send metrics and pictures to TensorBoard or Weights & Biases"
    )
    monitor_folder: str = setting("outputs/monitoring", "Folder for metrics and pictures")
    monitor_every: int = setting(1, "Frames of a session between two reports", ge=1)

    @model_validator(mode="before")
    @classmethod
    def _from_environment(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("token"):
            return {**values, "token": os.environ.get(TOKEN_VARIABLE, "")}
        return values

    @model_validator(mode="after")
    def _guarded(self) -> ServeParams:
        if not self.loopback and not self.token:
            raise ValueError(
                f"listening on {self.host} lets other machines in, so set a token as well"
            )
        return self

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def allowed_origins(self) -> frozenset[str]:
        """Origins that may connect, lower case, without a slash at the end."""
        return frozenset(part.lower().rstrip("/") for part in _parts(self.origins))

    @property
    def model_files(self) -> dict[str, str]:
        """Names and files of ``models``; an InputError at a part without ``=``."""
        files = {}
        for part in _parts(self.models):
            name, equals, path = part.partition("=")
            if not equals or not path.strip():
                raise InputError(f"models is name=file, separated by commas, not {part!r}.")
            files[name.strip()] = path.strip()
        return files


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
