"""Answers that fail, and answers that are lost after the work was done: in the end everything is there once."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from outreach.crm import Operation
from outreach.errors import OutcomeUnknown, RateLimited, Refused, Unavailable
from outreach.testing.crm import AYSE, REPLY, run
from tests.crms.test_clinchpad import ClinchPadWorld
from tests.crms.test_investglass import InvestGlassWorld
from tests.crms.test_lagrowthmachine import LgmWorld
from tests.crms.test_salesmate import SalesmateWorld
from tests.crms.test_trello import TrelloWorld

WORLDS: dict[str, Callable[[], Any]] = {
    "trello": TrelloWorld,
    "salesmate": SalesmateWorld,
    "clinchpad": ClinchPadWorld,
    "investglass": lambda: InvestGlassWorld(do_not_contact_field="opt_out", status_property="status"),
    "lagrowthmachine": LgmWorld,
}
_WEATHER = (
    httpx.Response(500, text="oops"),
    httpx.Response(429),
    httpx.Response(503),
    httpx.ConnectError("refused"),
    httpx.Response(502, text="<html>"),
)


class Weather:
    """Every third request or so fails before, every fourth or so loses its answer; chosen by a hash, so repeatable."""

    def __init__(self, seed: str) -> None:
        self._seed, self._number = seed, 0

    def before(self, request: httpx.Request) -> httpx.Response | Exception | None:
        self._number += 1
        draw = self._draw("before")
        return _WEATHER[draw % len(_WEATHER)] if draw % 3 == 0 else None

    def after(self, request: httpx.Request) -> httpx.Response | Exception | None:
        return httpx.ReadTimeout("silent") if self._draw("after") % 4 == 0 else None

    def _draw(self, what: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._seed} {what} {self._number}".encode()).digest()[:4])


async def until_done(work: Callable[[bool], Awaitable[Any]]) -> Any:
    """As the work list does it: again after trouble, looking first once an outcome was unknown."""
    is_in_doubt = False
    for _ in range(200):
        try:
            return await work(is_in_doubt)
        except OutcomeUnknown:
            is_in_doubt = True
        except (RateLimited, Unavailable):
            continue
    raise AssertionError("it is never done")


@pytest.mark.parametrize("seed", ["one", "two", "three", "four"])
@pytest.mark.parametrize("name", WORLDS)
def test_each_thing_is_written_once_whatever_the_weather(name: str, seed: str) -> None:
    world = WORLDS[name]()
    weather = Weather(f"{name} {seed}")
    world.fake.before, world.fake.after = weather.before, weather.after
    crm = world.crm
    replies = [replace(REPLY, key=f"evt-{number}", text=f"Answer {number}") for number in (1, 10, 2)]

    async def everything() -> str:
        found = await until_done(lambda _: crm.upsert_person(AYSE, person_id=None))
        person: str = found.person_id
        for reply in replies:
            await until_done(lambda doubt, reply=reply: crm.log(person, reply, look_first=doubt))  # type: ignore[misc]
        if Operation.STATUS in crm.can:
            await until_done(lambda _: crm.set_status(person, world.status))
        await until_done(lambda _: crm.set_do_not_contact(person, AYSE.email))
        return person

    person = run(everything())

    assert len(world.people()) == 1
    assert len(world.entries(person)) == len(replies)
    assert all(sum(reply.is_marked(entry) for entry in world.entries(person)) == 1 for reply in replies)
    assert world.is_opted_out(person)


def test_a_refusal_is_not_taken_for_weather() -> None:
    world = TrelloWorld()

    with pytest.raises(Refused):
        run(until_done(lambda _: world.crm.set_stage("missing", "New")))
