"""An encoder that tells which images were embedded together; workers import it."""

import os
from pathlib import Path

import numpy as np


def mixing(marks):
    """Make an encoder whose vectors tell who else is in their batch.

    Each mark is a file, named by a red value, that is gone once its batch has killed the process.
    """

    class Mixing:
        name, fingerprint, dimension = "mixing", "f1", 4

        def prepare(self, image):
            return np.asarray(image, np.float32)

        def embed(self, batch):
            for red in batch[:, 0, 0, 0]:
                for mark in Path(marks).glob(f"{int(red)}-*"):
                    mark.unlink()
                    os.kill(os.getpid(), 9)
            together = np.full((len(batch), 1), batch.sum())
            rows = np.concatenate([batch.mean(axis=(1, 2)), together], axis=1)
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return Mixing()
