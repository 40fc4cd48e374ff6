"""The lanes before the wire: never more at a time than agreed, in the order in which they came, none left."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from outreach.services.sending.lanes import Lanes


@given(most=st.integers(1, 4), turns=st.lists(st.integers(0, 3), max_size=20), late=st.lists(st.integers(0, 3)))
def test_every_piece_is_done_in_its_order_and_never_too_many_at_a_time(
    most: int, turns: list[int], late: list[int]
) -> None:
    begun, inside, widest, done = list[int](), 0, 0, 0

    async def work(piece: tuple[int, int]) -> None:
        nonlocal inside, widest, done
        begun.append(piece[0])
        inside += 1
        widest = max(widest, inside)
        for _ in range(piece[1]):
            await asyncio.sleep(0)
        inside -= 1
        done += 1

    async def play() -> None:
        lanes = Lanes(work, most)
        for number, each in enumerate(turns):
            lanes.put((number, each))
        await asyncio.sleep(0)
        for number, each in enumerate(late, len(turns)):
            lanes.put((number, each))
        for _ in range(sum(turns) + sum(late) + 3 * len(turns + late) + 3):
            await asyncio.sleep(0)

    asyncio.run(play())

    assert begun == list(range(len(turns + late)))
    assert done == len(turns + late)
    assert widest <= most


def test_lanes_that_ran_dry_begin_again() -> None:
    done: list[str] = []

    async def work(piece: str) -> None:
        done.append(piece)

    async def play() -> None:
        lanes = Lanes(work, 2)
        for piece in ("first", "second"):
            lanes.put(piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(play())

    assert done == ["first", "second"]
