r"""How much of a candidate lies outside what S varies in: a second score beside the distance.

The one idea: S spans a subspace, the directions in which its images differ from one another.  What
a candidate has outside of them is new in kind, however near its nearest neighbour is.  The residual
of principal component analysis is the classical score for that (Jackson & Mudholkar 1979).

The components that hold 90 % of S's variance are kept; ``novelty`` is the Euclidean norm of what is
left of ``x - mean(S)`` outside of them.  For a left-out drive they are computed without the drive:
the sums and products of S are kept once and the drive's own subtracted, which equals a refit.

A drive that is added to S can raise the residual of another frame, since the components that hold
90 % change, so the proof of :mod:`~.verdict` does not carry over.  What holds without it is the
bound of the jackknife+ and of CV+, level 2 alpha (Barber, Candes, Ramdas & Tibshirani 2021, arXiv
1905.02928).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import EmptySetError
from .nearest.rows import Rows, checked_rows, same_dimension
from .verdict import Labels, drive_numbers

SHARE = 0.9
"""Share of S's variance that the components kept hold."""

_STILL = 1e-12
"""Variance of a row up to which all rows are one to float32: its directions are rounding."""
_ROWS_AT_ONCE = 2048

Drives = NDArray[np.int64]
LeftOut = Iterator[tuple[NDArray[np.bool_], NDArray[np.float64]]]


@dataclass(frozen=True)
class Subspace:
    """Mean and leading components of a set, or all the others where these are fewer.

    ``mean`` float64 (d,); ``components`` float64 (r, d), orthonormal rows; ``outside``: they are
    the others.
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    outside: bool = False

    def residual(self, rows: Rows) -> NDArray[np.float64]:
        """Norm of what rows (n, d) have outside the leading components, float64 (n,)."""
        left = np.empty(len(rows))
        middle = self.components @ self.mean
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE].astype(np.float64)
            along = part @ self.components.T
            along -= middle
            if self.outside:
                part = along
            else:
                part -= self.mean
                part -= along @ self.components
            left[start : start + len(part)] = np.sqrt(np.einsum("ij,ij->i", part, part))
        return left

    def leading(self) -> Subspace:
        """The same by its leading components."""
        if not self.outside:
            return self
        basis = np.linalg.qr(self.components.T, mode="complete")[0]
        return Subspace(self.mean, np.ascontiguousarray(basis[:, len(self.components) :].T))


def novelty(pool: Rows, owned: Rows) -> NDArray[np.float32]:
    """Residual of each candidate outside the components that hold SHARE of S's variance.

    Parameters
    ----------
    pool, owned : float32 (n, d), (m, d)
        Unit rows; at least two of S.

    Returns
    -------
    float32 (n,)
        0 to 2, not comparable between encoders or with distances.

    Examples
    --------
    >>> S = np.array([[0.8, 0.6, 0], [0.8, -0.6, 0]], np.float32)
    >>> round(float(novelty(np.array([[0.8, 0, 0.6]], np.float32), S)[0]), 3)
    0.6
    """
    pool, owned = checked_rows("U", pool), checked_rows("S", owned)
    same_dimension("U", pool, "S", owned)
    return subspace(owned).residual(pool).astype(np.float32)


def left_out_novelty(owned: Rows, drives: Labels) -> NDArray[np.float32]:
    """Novelty of each image of S against S without its own drive.

    Parameters
    ----------
    owned : float32 (m, d)
        Unit rows of two drives or more, so that at least two images are left each time.
    drives : m labels
        The drive of each image; a missing label is a drive of its own.

    Returns
    -------
    float32 (m,)
        In the unit of :func:`novelty`.

    Raises
    ------
    EmptySetError
        Without one of the drives fewer than two images are left.
    """
    owned = checked_rows("S", owned)
    drive = drive_numbers(drives)
    left_out = _from_products if len(owned) < owned.shape[1] else _from_moments
    left = np.empty(len(owned), np.float32)
    for mine, residual in left_out(owned, drive):
        left[mine] = residual
    return left


def _from_moments(owned: Rows, drive: Drives) -> LeftOut:
    """Each drive's rows and their novelty, by the moments of S less the drive's own."""
    whole = _Moments.of(owned)
    for number in range(int(drive.max()) + 1):
        mine = drive == number
        rest = whole.without(_Moments.of(owned[mine]))
        yield mine, rest.subspace().residual(owned[mine])


def _from_products(owned: Rows, drive: Drives) -> LeftOut:
    """The same from inner products alone (kernel form): smaller matrices where m < d.

    With centred products ``C = V diag(w) V^T`` of the rows that are left, the part of x inside the
    components is ``sum_r (c_x . v_r)^2 / w_r``, c_x being the centred products of x with them.
    """
    products = owned.astype(np.float64) @ owned.astype(np.float64).T
    for number in range(int(drive.max()) + 1):
        mine = drive == number
        rest = products[np.ix_(~mine, ~mine)]
        _check_left(len(rest))
        row, whole = rest.mean(axis=0), rest.mean()
        size, vectors, _ = _held(rest - row[:, None] - row + whole, len(rest))
        across = products[np.ix_(mine, ~mine)]
        mean = across.mean(axis=1)
        inside = ((across - mean[:, None] - row + whole) @ vectors) ** 2 / size
        squared = np.diag(products)[mine] - 2 * mean + whole - inside.sum(axis=1)
        yield mine, np.sqrt(np.clip(squared, 0, None))


def subspace(owned: Rows) -> Subspace:
    """Mean of rows, two at least, and the components that hold SHARE of their variance.

    From the smaller of the two product matrices.
    """
    if len(owned) >= owned.shape[1]:
        return _Moments.of(owned).subspace()
    _check_left(len(owned))
    mean = owned.mean(axis=0, dtype=np.float64)
    centred = owned - mean
    size, vectors, _ = _held(centred @ centred.T, len(owned))
    return Subspace(mean, (vectors / np.sqrt(size)).T @ centred)


def _held(
    products: NDArray[np.float64], rows: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The largest eigenvalues (r,) that together hold SHARE, their vectors and the others'.

    ``products`` are sums over so many rows.
    """
    size, vectors = np.linalg.eigh(products)
    size, vectors = np.clip(size[::-1], 0, None), vectors[:, ::-1]
    held = np.cumsum(size)
    varies = held[-1] > _STILL * rows
    kept = int(np.searchsorted(held, SHARE * held[-1])) + 1 if varies else 0
    return size[:kept], vectors[:, :kept], vectors[:, kept:]


def _check_left(count: int) -> None:
    if count < 2:
        raise EmptySetError(
            "Fewer than two images of S are left, which vary in nothing; use the nearest "
            "distance as the score."
        )


@dataclass(frozen=True)
class _Moments:
    """Count, sum (d,) and sum of products (d, d) of rows, float64: sets subtract exactly enough."""

    count: int
    total: NDArray[np.float64]
    products: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Rows) -> _Moments:
        total, products = np.zeros(rows.shape[1]), np.zeros((rows.shape[1], rows.shape[1]))
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE].astype(np.float64)
            total += part.sum(axis=0)
            products += part.T @ part
        return cls(len(rows), total, products)

    def without(self, part: _Moments) -> _Moments:
        """The moments of the rows that are not in ``part``."""
        return _Moments(
            self.count - part.count, self.total - part.total, self.products - part.products
        )

    def subspace(self) -> Subspace:
        """Mean, and the fewest components that hold SHARE of the variance."""
        _check_left(self.count)
        mean = self.total / self.count
        covariance = self.products / self.count - np.outer(mean, mean)
        _, inside, outside = _held(covariance)
        # What is outside takes one product, or two by way of what is inside.
        if outside.shape[1] < 2 * inside.shape[1]:
            return Subspace(mean, outside.T, outside=True)
        return Subspace(mean, inside.T)
