"""About how long a run will take, in its form.

The App asks for a form at every key that is pressed, and counting goes over all samples: it is done
beside the form, which waits a moment for it, and kept until the dataset changes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

import fiftyone.operators as foo
from cachetools import LRUCache
from pymongo.errors import PyMongoError

from ..plugin.dataset.store.sets.counts import said, version
from ..plugin.dataset.store.sets.door import ALL_SLICES, admitted
from ..plugin.dataset.store.sets.resolve import Samples
from ..plugin.errors import GapsphereError, InputError
from ..plugin.settings.fields import Params, make
from . import sets

if TYPE_CHECKING:
    from ..plugin.dataset.gaps.foreseen import Counts

WAIT = 0.1
"""Seconds that a form waits for counting; the App asks again with the next change."""
COUNTING = "The images are being counted: the time is shown with your next change."
KEPT = 32
COUNTED_BY = ("owned", "pool", "slices", "suffix", "only")
"""Settings that decide which images a step is about."""

_counters = ThreadPoolExecutor(2, "gapsphere-counting")
_counted: LRUCache[tuple[Any, ...], Future[Counts]] = LRUCache(KEPT)
_lock = Lock()


def estimate(
    ctx: foo.ExecutionContext,
    step: str,
    kind: type[Params],
    values: dict[str, Any],
    samples: Samples,
) -> str:
    """What a run on ``samples`` will do and about how long it takes; "" where a value is wrong."""
    # It brings torch, and the App loads every operator at its start.
    from ..plugin.dataset.gaps import foreseen

    try:
        params = make(kind, {name: value for name, value in values.items() if value is not None})
        return foreseen.foreseen(step, ctx.dataset, params, _counts(ctx, step, params, samples))
    except TimeoutError:
        return COUNTING
    except (GapsphereError, PyMongoError):
        return ""  # the form marks what is wrong


def _counts(ctx: foo.ExecutionContext, step: str, params: Params, samples: Samples) -> Counts:
    dataset, view = ctx.dataset, ctx.view
    key = (
        version(dataset),
        step,
        repr([getattr(params, name, None) for name in COUNTED_BY]),
        *(said(each) for each in (samples, dataset if view is None else view)),
    )
    with _lock:
        future = _counted.get(key)
        if future is None or (future.done() and future.exception() is not None):
            future = _counted[key] = _counters.submit(_counter(ctx, step, params, samples))
    return future.result(WAIT)


def _counter(
    ctx: foo.ExecutionContext, step: str, params: Any, samples: Samples
) -> Callable[[], Counts]:
    from ..plugin.dataset.gaps import foreseen

    field = foreseen.field_of(step, params)

    def count() -> Counts:
        images = admitted(samples, getattr(params, "slices", None) or ALL_SLICES)
        if not hasattr(params, "owned"):
            return foreseen.of_images(foreseen.narrowed(images, params), field)
        words = sets.words({"owned": params.owned, "pool": params.pool})
        owned, pool = (sets.found(ctx, images, words[each]) for each in ("owned", "pool"))
        found = foreseen.of_sets(owned, pool, field)
        if not (found.owned and found.pool):
            raise InputError("A set has no image.")
        return found

    return count
