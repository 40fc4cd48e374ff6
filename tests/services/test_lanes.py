"""The lanes before the wire: never more at a time than agreed, in the order in which they came, none left."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from outreach.services.sending.lanes import Lanes, Tally


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


@given(most=st.integers(1, 4), pieces=st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_whoever_feeds_waits_while_as_many_wait_as_there_are_lanes(most: int, pieces: list[int]) -> None:
    waited, done = [0], list[int]()
    put = begun = 0
    tally: Tally

    async def work(turns: int) -> None:
        nonlocal begun
        begun += 1
        for _ in range(turns):
            await asyncio.sleep(0)
        done.append(turns)
        tally.end()

    async def feed(lanes: Lanes[int], share: list[int]) -> None:
        nonlocal put
        async with lanes.feeding:
            for each in share:
                await lanes.room()
                tally.begin()
                lanes.put(each)
                put += 1
                waited.append(put - begun)

    async def play() -> None:
        nonlocal tally
        tally, lanes = Tally(), Lanes(work, most)
        await asyncio.gather(feed(lanes, pieces[::2]), feed(lanes, pieces[1::2]))
        await tally.all_ended()

    asyncio.run(asyncio.wait_for(play(), 10))

    assert max(waited) <= most
    assert sorted(done) == sorted(pieces)


def test_a_tally_ends_when_everything_that_began_has_ended() -> None:
    async def play() -> list[str]:
        tally, seen = Tally(), list[str]()

        async def wait() -> None:
            await tally.all_ended()
            seen.append("all ended")

        tally.begin()
        tally.begin()
        waiting = asyncio.create_task(wait())
        for _ in range(2):
            await asyncio.sleep(0)
            seen.append("one ends")
            tally.end()
        await waiting
        return seen

    assert asyncio.run(play()) == ["one ends", "one ends", "all ended"]
