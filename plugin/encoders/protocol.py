"""What every encoder promises, and nothing about how it keeps it.

An encoder turns images into unit vectors in two steps, because they run in different places:
``prepare`` in many worker threads (decoding neighbours it), ``embed`` once a batch on the device.
The prepared array is what travels between them, so it is small: uint8 wherever the model allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image


@runtime_checkable
class Encoder(Protocol):
    """Images to unit vectors.

    Attributes
    ----------
    name : str
        ``<encoder>:<model>``, such as ``internvl:InternVL2-8B`` or ``packaged:efficientnet-lite0``.
        For people; two encoders of one name may differ.
    fingerprint : str
        Hex digest of everything that changes a vector: weights, preprocessing, pooling and
        precision.  It does not depend on where the weights lie.  Vectors of two fingerprints never
        mix in one field.
    dimension : int
        Length of a vector.
    patch_grid : (rows, columns)
        Grid of patch tokens, or of the last feature map, that one image becomes.
    """

    name: str
    fingerprint: str
    dimension: int
    patch_grid: tuple[int, int]

    def prepare(self, image: Image) -> np.ndarray:
        """Give one RGB image the fixed shape the model reads.

        Safe to call from many threads at once; the image is not changed.

        The shape and dtype are the same for every image, uint8 ``(height, width, 3)`` if it can be.
        """
        ...

    def embed(self, batch: np.ndarray) -> np.ndarray:
        """Embed stacked prepared arrays.

        ``batch`` is (n, *prepared shape); ``n`` may be 0.

        Returns
        -------
        ndarray (n, dimension)
            float32, rows of unit length.  A row does not depend on its batch mates.  Where the
            network gave NaN, infinity or a zero vector the row is all NaN, so that extraction can
            skip that image by name and go on with the others.
        """
        ...


def unit_rows(features: np.ndarray) -> np.ndarray:
    """Scale rows (n, d) to unit length, in float64, and hand them back as float32.

    A row that holds NaN or infinity, or is zero, becomes all NaN.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [nan, nan]]
    """
    wide = np.asarray(features, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        length = np.linalg.norm(wide, axis=1, keepdims=True)
        length[~np.isfinite(length) | (length == 0)] = np.nan
        rows: np.ndarray = (wide / length).astype(np.float32)
    return rows
