"""The gate before the wire: never more inside than agreed, in the order in which they came, none lost."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from outreach.services.sending.gate import Gate


def test_who_waits_longest_goes_next() -> None:
    async def play() -> list[int]:
        gate, order = Gate(2), list[int]()

        async def pass_through(number: int) -> None:
            async with gate:
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(pass_through(number) for number in range(20)))
        return order

    assert asyncio.run(play()) == list(range(20))


@given(places=st.integers(1, 4), given_up=st.sets(st.integers(0, 19)), steps=st.lists(st.integers(0, 3), max_size=20))
def test_places_are_neither_lost_nor_multiplied_when_some_give_up(
    places: int, given_up: set[int], steps: list[int]
) -> None:
    inside = most = 0

    async def play() -> None:
        nonlocal inside, most
        gate = Gate(places)

        async def pass_through(turns: int) -> None:
            nonlocal inside, most
            async with gate:
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

        tasks = [asyncio.create_task(pass_through(steps[n] if n < len(steps) else 1)) for n in range(20)]
        await asyncio.sleep(0)
        for number in given_up:
            tasks[number].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert inside == 0
        await asyncio.wait_for(asyncio.gather(*(pass_through(1) for _ in range(places))), 5)

    asyncio.run(play())

    assert most <= places
