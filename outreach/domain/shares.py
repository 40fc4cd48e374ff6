"""Who goes which way: paths of a split and hold-out groups, by a hash, so that adding leads reshuffles nobody."""

from __future__ import annotations

from outreach.domain.quota import jitter_share
from outreach.domain.sequence import Share, SplitStep


def chosen(step: SplitStep, sequence: str, lead_id: str) -> Share:
    """The path of this lead."""
    point = jitter_share(f"{sequence}.{step.id}.{lead_id}.split") * sum(share.weight for share in step.shares)
    for share in step.shares:
        point -= share.weight
        if point < 0:
            return share
    return step.shares[-1]


def is_held_out(sequence: str, lead_id: str, share: float) -> bool:
    """Does this lead belong to the sequence's hold-out group?"""
    return share > 0 and jitter_share(f"{sequence}.{lead_id}.holdout") < share
