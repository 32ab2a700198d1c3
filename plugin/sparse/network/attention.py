"""Attention from places to samples, with relative positions, and measures of its weights.

A query attends either to the K nearest samples (``index``) or to all of them.  Content gives
query-key products, geometry gives a bias per head that is read off the offset in units of the mean
sample spacing, so one set of weights serves every resolution and sample count.  Both forms are the
same arithmetic: with K = N they agree, which a test holds them to.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

RELATIVE_FEATURES = 6
LOG_DISTANCE = 3
"""Which of them is the logarithm of the distance."""


def gather(values: Tensor, index: Tensor | None) -> Tensor:
    """Rows of ``values`` (M, F) for each query: (Q, K, F), or (1, M, F) where all are meant."""
    if index is None:
        return values.unsqueeze(0)
    return values.index_select(0, index.reshape(-1)).view(*index.shape, -1)


def relative_features(offset: Tensor, spacing: float, age: Tensor, change: Tensor) -> Tensor:
    """Geometry of each query and key, ``(Q, K, 6)``.

    Offset from query to key along x and y, its length, the length's logarithm (all in units of
    ``spacing``), the logarithm of 1 + the key's age in frames, and how much its surroundings have
    changed since.
    """
    x, y = (offset / spacing).unbind(-1)
    distance = (x * x + y * y + 1e-6).sqrt()
    age, change = age.expand_as(x), change.expand_as(x)
    return torch.stack([x, y, distance, (distance + 0.05).log(), age, change], -1)


class NearAttention(nn.Module):
    """One multi-head attention layer with a geometric bias and a feed-forward part, pre-norm."""

    def __init__(self, width: int, memory_width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(memory_width, 2 * width)
        self.bias = nn.Linear(hidden, heads)
        # At first nearness decides alone: weights fall with the third power of distance.
        self.fall = nn.Parameter(torch.full((heads,), -3.0))
        nn.init.zeros_(self.bias.weight)
        self.out = nn.Linear(width, width)
        # Sums what belongs to one head, over the root of its size.
        of_head = torch.eye(heads).repeat_interleave(width // heads, 0) * (width // heads) ** -0.5
        self.register_buffer("of_head", of_head, persistent=False)
        self.norm_forward = nn.LayerNorm(width)
        self.forward_in = nn.Linear(width, 2 * width)
        self.forward_out = nn.Linear(2 * width, width)

    def forward(
        self,
        x: Tensor,
        keys_values: Tensor,
        geometry: tuple[Tensor, Tensor],
        index: Tensor | None,
        dead: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Queries ``x`` (Q, width) after attention, and the heads' mean weights (Q, K), float32.

        Parameters
        ----------
        keys_values : (M, 2 width)
            What ``key_value`` makes of a memory (M, memory_width).
        geometry : (Q, K, hidden), (Q, K)
            Hidden features of each pair (:func:`relative_features` through a first layer), and the
            logarithm of their distance.
        index : int64 (Q, K) or None
            Which rows of ``keys_values`` each query sees; None: all, and K = M.
        dead : bool (Q, K) or None
            Pairs without attention.
        """
        queries, width, size = len(x), x.shape[-1], x.shape[-1] // self.heads
        query = self.query(self.norm(x)).unsqueeze(1)
        key, value = (gather(half, index) for half in keys_values.split(width, -1))
        hidden, distance = geometry
        score = (query * key) @ self.of_head + self.bias(hidden)
        score = score.addcmul(distance.unsqueeze(-1), self.fall)
        if dead is not None:
            score = score.masked_fill(dead.unsqueeze(-1), -torch.inf)
        weight = score.softmax(1)
        # What each head reads of every head's values; its own are kept.
        read = weight.to(value.dtype).transpose(1, 2) @ value
        read = read.view(queries, self.heads, self.heads, size).diagonal(dim1=1, dim2=2)
        x = x + self.out(read.transpose(1, 2).reshape(queries, width))
        x = x + self.forward_out(nn.functional.silu(self.forward_in(self.norm_forward(x))))
        return x, weight.mean(-1)


class StateAttention(nn.Module):
    """Lets every sample read the game state: cross-attention from pixels to state entries.

    Each valid entry is one token (its value and its place in the vector).  The result enters
    through a gate that starts at zero, so a model that never saw a state is not disturbed by one.
    """

    def __init__(self, width: int, state_size: int, heads: int) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(state_size, width) * 0.02)
        self.value = nn.Linear(1, width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.gate = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor, state: Tensor, mask: Tensor) -> Tensor:
        """Add to samples ``x`` (M, width) what they read in ``state`` (S,) where ``mask`` is 1."""
        valid = mask > 0
        if not bool(valid.any()):
            return x
        tokens = self.place[: len(state)] + self.value(state.to(x.dtype).unsqueeze(-1))
        read, _ = self.attention(
            x.unsqueeze(0),
            tokens[valid].unsqueeze(0),
            tokens[valid].unsqueeze(0),
            need_weights=False,
        )
        return x + self.gate * read.squeeze(0)


def entropy_of(weights: Tensor, keys: int | Tensor, epsilon: float = 0.0) -> Tensor:
    """Entropy of attention rows as a share of the largest possible one, 0..1, float32.

    ``-sum p log p / log(keys)`` with 0 log 0 = 0; weights below ``epsilon`` are raised to it.  One
    key leaves nothing open: the entropy is 0.
    """
    p = weights.float() if weights.dtype in (torch.float16, torch.bfloat16) else weights
    if epsilon > 0:
        p = p.clamp_min(epsilon)
    most = torch.as_tensor(keys, dtype=p.dtype, device=p.device).clamp_min(2).log()
    return (torch.special.entr(p).sum(-1) / most).clamp(0, 1)


def dispersion_of(weights: Tensor, values: Tensor) -> Tensor:
    """Standard deviation of the values that attention reads, in the values' unit.

    ``sqrt(sum a v² - (sum a v)²)`` with values (Q, K, C), as the mean of squared deviations, which
    cannot turn negative by rounding; channels are averaged before the root.
    """
    share = weights.to(values.dtype).unsqueeze(-2)
    deviation = (values - share @ values).square()
    return (share @ deviation).squeeze(-2).mean(-1).sqrt()
