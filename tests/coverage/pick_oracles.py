"""Picks and company by the book, in float64: slow answers to compare with."""

from dataclasses import replace

import numpy as np
from coverage_oracles import distances64, unit
from gapsphere.plugin.coverage.picks import company

POLICIES = ["kcenter", "novelty", "herding"]


def greedy(U, d0, k, policy, allowed):
    """The greedy by the book; ``allowed(picks, row)`` is asked of every candidate at every step."""
    between, nearest, picks = distances64(U, U), np.asarray(d0, np.float64), []
    kernel = np.exp(-(between**2))
    while len(picks) < k:
        if policy == "herding":
            worth = np.maximum(kernel - np.exp(-(nearest**2)), 0).sum(axis=1)
        else:
            worth = nearest * (d0**2 if policy == "novelty" else 1)
        rows = [row for row in range(len(U)) if row not in picks and allowed(picks, row)]
        if not rows:
            break
        best = max(worth[row] for row in rows)
        picks.append(next(row for row in rows if worth[row] >= best - 1e-12))
        nearest = np.minimum(nearest, between[picks[-1]])
    return picks


def small(seed, n=9):
    random = np.random.default_rng(seed)
    U = unit(random.standard_normal((n, 3)))
    return random, U, distances64(U, unit(random.standard_normal((2, 3)))).min(axis=1)


def expected(between, drive, times, rule, row):
    scale = -1 if rule.scale is None else rule.scale
    reach = between[row]
    near = [at for at in range(len(drive)) if at != row and scale < reach[at] <= rule.radius]
    if len(near) < rule.least or (rule.lasting and not lasts(between, drive, times, rule, row)):
        return False
    if rule.apart == 0:
        return True
    if any(drive[at] != drive[row] for at in near):
        return True
    known = [times[at] for at in (*near, row) if np.isfinite(times[at])]
    return len(known) > 1 and max(known) - min(known) >= rule.apart


def lasts(between, drive, times, rule, row):
    own = [at for at in range(len(drive)) if at != row and drive[at] == drive[row]]
    if not own:
        return True
    if np.isfinite(times[row]):
        before = [times[at] for at in own if times[at] < times[row]]
        after = [times[at] for at in own if times[at] > times[row]]
        shown = {times[row], *([max(before)] if before else []), *([min(after)] if after else [])}
        own = [at for at in own if times[at] in shown]
    return any(between[row][at] <= rule.radius for at in own)


def in_such_a_pool(between, drive, times, rule, least=company.LASTING_POOL):
    """The rule that holds in U: scenes need not last where too few of them do."""
    share = np.mean([lasts(between, drive, times, rule, at) for at in range(len(between))])
    return replace(rule, lasting=rule.lasting and bool(share >= least))
