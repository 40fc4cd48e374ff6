"""Marks and outcomes on their way to the writer: together where that costs nobody anything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence

import pytest

from outreach.services.sending.wave import Wave
from outreach.store.group_commit import GroupCommit


class Writer:
    """Remembers what it was given together; it can be held up."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.has_begun = threading.Event()
        self.is_free = threading.Event()
        self.is_free.set()
        self.commits: GroupCommit[str, str] = GroupCommit(self._write, name="test-writer")

    def _write(self, items: Sequence[str]) -> list[str]:
        self.groups.append([*items])
        self.has_begun.set()
        assert self.is_free.wait(10)
        if "bad" in items:
            raise ValueError("a bad one")
        return [item.upper() for item in items]


@pytest.fixture
def writer() -> Iterator[Writer]:
    made = Writer()
    yield made
    made.is_free.set()
    made.commits.close()


def play(writer: Writer, scene: Callable[[Wave[str, str]], Coroutine[None, None, None]]) -> list[list[str]]:
    async def all_of_it() -> None:
        await asyncio.wait_for(scene(Wave(writer.commits)), 10)

    asyncio.run(all_of_it())
    return writer.groups


def test_one_alone_is_written_at_once(writer: Writer) -> None:
    async def scene(wave: Wave[str, str]) -> None:
        assert await wave.ask("one") == "ONE"

    assert play(writer, scene) == [["one"]]


def test_those_of_one_turn_and_of_the_next_share_a_commit(writer: Writer) -> None:
    async def scene(wave: Wave[str, str]) -> None:
        asked = [wave.ask("one"), wave.ask("two")]
        await asyncio.sleep(0)
        asked.append(wave.ask("three"))
        await asyncio.gather(*asked)

    assert play(writer, scene) == [["one", "two", "three"]]


def test_what_comes_while_the_writer_is_at_work_is_the_next_group(writer: Writer) -> None:
    async def scene(wave: Wave[str, str]) -> None:
        writer.is_free.clear()
        first = wave.ask("one")
        assert await asyncio.to_thread(writer.has_begun.wait, 10)
        second = wave.ask("two")
        for _ in range(20):
            await asyncio.sleep(0)
        third = wave.ask("three")
        writer.is_free.set()
        await asyncio.gather(first, second, third)

    assert play(writer, scene) == [["one"], ["two", "three"]]


def test_whoever_never_comes_back_holds_nobody_up(writer: Writer) -> None:
    async def scene(wave: Wave[str, str]) -> None:
        wave.expected = 3
        assert await wave.ask("one") == "ONE"
        assert await wave.ask("two") == "TWO"

    assert play(writer, scene) == [["one"], ["two"]]


def test_a_bad_one_fails_alone_and_the_next_are_written(writer: Writer) -> None:
    async def scene(wave: Wave[str, str]) -> None:
        answers = await asyncio.gather(wave.ask("one"), wave.ask("bad"), return_exceptions=True)
        assert answers[0] == "ONE"
        assert isinstance(answers[1], ValueError)
        assert await wave.ask("three") == "THREE"

    assert play(writer, scene) == [["one", "bad"], ["one"], ["bad"], ["three"]]


def test_a_group_whose_first_gave_up_is_written_all_the_same(writer: Writer) -> None:
    async def scene(wave: Wave[str, str]) -> None:
        first, second = wave.ask("one"), wave.ask("two")
        first.cancel()
        assert await second == "TWO"
        assert await wave.ask("three") == "THREE"

    assert play(writer, scene) == [["two"], ["three"]]
