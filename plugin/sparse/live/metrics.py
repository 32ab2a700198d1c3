"""The server's metrics for Prometheus; each server in a process has its own registry."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.033, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_PREFIX = "gapsphere_sparse"


class Metrics:
    """Counters that connections write to; :meth:`text` is what ``/api/metrics`` answers."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"{_PREFIX}_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(f"{_PREFIX}_{name}", text, buckets=_SECONDS, registry=registry)

        self.connections = Gauge(f"{_PREFIX}_connections", "Open sockets", registry=registry)
        self.sessions = Gauge(f"{_PREFIX}_sessions", "Open sessions", registry=registry)
        self.started = counter("sessions_started", "Sessions since the start")
        self.refused = counter("refused", "Connections refused", "reason")
        self.frames = counter("frames", "Frames by what became of them", "outcome")
        self.gaps = counter("missing_frames", "Frame numbers that never came")
        self.errors = counter("errors", "Errors sent to clients", "code")
        self.problems = counter("problems", "Failures that the loop worked around")
        self.received = counter("received_bytes", "Bytes of messages received", "form")
        self.sent = counter("sent_bytes", "Bytes of messages sent", "form")
        self.step = histogram("step_seconds", "Work on one frame")
        self.reply = histogram("reply_seconds", "From a frame's arrival to its coordinates sent")
        self.dropped = counter("background_dropped", "Records and pictures not kept up with")

    def text(self) -> bytes:
        return generate_latest(self.registry)
