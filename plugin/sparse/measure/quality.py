"""How good a reconstruction is, and how well a map foretells where it is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def psnr(frame: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB over the whole frame, of 255; equal frames give infinity.

    Examples
    --------
    >>> round(psnr(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)), 6)
    0.0
    """
    error = np.square(frame.astype(np.float64) - truth).mean()
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(frame: NDArray[np.uint8], truth: NDArray[np.uint8]) -> float:
    """Structural similarity as Wang et al. (2004) set it: Gaussian window, sigma 1.5; (H, W, C)."""
    from skimage.metrics import structural_similarity

    if min(frame.shape[:2]) < 11:
        return float("nan")  # the window does not fit
    return float(
        structural_similarity(
            frame, truth, channel_axis=2, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, data_range=255,
        )
    )  # fmt: skip


def rank_correlation(
    importance: NDArray[np.float32], frame: NDArray[np.uint8], truth: NDArray[np.uint8]
) -> float:
    """Spearman correlation of a map (H, W) with the absolute error of each pixel, -1..1.

    NaN where either is constant.
    """
    error = np.abs(frame.astype(np.float64) - truth).mean(-1).ravel()
    flat = importance.ravel()
    if np.ptp(error) == 0 or np.ptp(flat) == 0:
        return float("nan")
    return float(stats.spearmanr(flat, error).statistic)
