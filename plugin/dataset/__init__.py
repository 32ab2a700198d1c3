"""The only place that knows FiftyOne: names, sets, reading, writing, and the steps."""

from .store.connection import shorten_waits

shorten_waits()
