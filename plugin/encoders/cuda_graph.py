"""A forward pass recorded once as a CUDA graph and replayed as a whole.

A network of hundreds of kernels is launched by as many calls, each of which gives up Python's lock
and waits for it again while threads decode images: the GPU then starves.  A replay is one call.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class Graph:
    """``run`` on images of one shape.

    Parameters
    ----------
    run : callable of a tensor to a tensor
        Kernels only: nothing in it may wait for the device or depend on values.
    images : torch.Tensor
        On a CUDA device, of the shape and type that all others will have.
    """

    def __init__(self, run: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor) -> None:
        import torch

        self._images = images.clone()  # in the same layout of memory
        self._lock = threading.Lock()
        aside = torch.cuda.Stream(images.device)
        aside.wait_stream(torch.cuda.current_stream(images.device))
        with torch.cuda.stream(aside):  # libraries choose their kernels before these are recorded
            for _ in range(2):
                run(self._images)
        torch.cuda.current_stream(images.device).wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the device meanwhile.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._result = run(self._images)

    def fits(self, images: torch.Tensor) -> bool:
        """Whether images have the recorded shape."""
        return images.shape == self._images.shape

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """What ``run`` gives for these images."""
        with self._lock:
            self._images.copy_(images, non_blocking=True)
            self._graph.replay()
            return self._result.clone()
