"""Attention rollout written from its definition: the whole product of matrices, in float64."""

import numpy as np


def whole_rollout(attentions, start="mean", head_fusion="mean", ratio=0.0, residual=0.5):
    """Share of each patch in what ``start`` ("mean", "cls" or one weight a token) reads."""
    tokens = attentions[0].shape[-1]
    product = np.eye(tokens)
    for attention in attentions:
        fused = {"mean": np.mean, "max": np.max, "min": np.min}[head_fusion](
            attention.astype(np.float64), axis=0
        )
        order = sorted(range(tokens * tokens), key=lambda i: (fused.flat[i], i))
        for index in order[: int(tokens * tokens * ratio)]:
            if index % tokens:
                fused.flat[index] = 0
        mixed = (1 - residual) * fused + residual * np.eye(tokens)
        product = (mixed / mixed.sum(axis=1, keepdims=True)) @ product
    return (start_weights(start, tokens) @ product)[1:]


def start_weights(start, tokens):
    """One weight a token, (tokens,)."""
    if not isinstance(start, str):
        return start
    return {"mean": np.r_[0, np.full(tokens - 1, 1 / (tokens - 1))], "cls": np.eye(tokens)[0]}[
        start
    ]
