"""The deals a person has: at most one open one is ours in each pipeline, and the newest is the one that counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from outreach.crm import DealState, RemoteDeal
from outreach.errors import Outcome, Refused


@dataclass(frozen=True, slots=True)
class HeldDeal:
    """A deal as far as moving it goes."""

    id: str
    stage: str
    is_open: bool
    pipeline: str = ""


async def move_newest(
    oldest_first: Sequence[HeldDeal], stage: str, *, move: Callable[[str, str], Awaitable[None]]
) -> bool:
    """Bring the newest open deal to that stage. False: there is none, and none ended there either."""
    still_open = [deal for deal in oldest_first if deal.is_open]
    if not still_open or still_open[-1].stage == stage:
        return any(deal.stage == stage for deal in oldest_first)
    await move(still_open[-1].id, stage)
    return True


def open_one(oldest_first: Sequence[HeldDeal], pipeline: str) -> str | None:
    """The newest open deal of the pipeline."""
    return next((deal.id for deal in reversed(oldest_first) if deal.is_open and deal.pipeline == pipeline), None)


def counting(oldest_first: Sequence[RemoteDeal]) -> RemoteDeal | None:
    """The newest open one, else the newest."""
    known = [deal for deal in oldest_first if deal.state is DealState.OPEN] or oldest_first
    return known[-1] if known else None


def amount_of(provider: str, value: str) -> float:
    """What a deal is worth. Raises Refused for what is no amount."""
    try:
        return float(value)
    except ValueError:
        said = f"'{value}' is no amount of a deal. Write digits with a point"
        raise Refused(provider, said, outcome=Outcome.VALIDATION) from None
