"""What every CRM on HTTP makes of answers that are no success: a table that each adapter's tests are held to."""

from __future__ import annotations

from typing import Any, Protocol

import httpx
import pytest

from outreach.errors import AdapterError, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.stand_in import StandIn
from outreach.testing.crm import AYSE, REPLY, World, run


class DisturbedWorld(World, Protocol):
    """A world whose system is a stand-in that can be told to fail. `is_write` tells its reads by POST from writes."""

    fake: StandIn

    def is_write(self, request: httpx.Request) -> bool: ...


EVERY_ANSWER: list[tuple[httpx.Response | Exception, type[AdapterError], type[AdapterError]]] = [
    (httpx.ConnectError("refused"), Unavailable, Unavailable),
    (httpx.ConnectTimeout("slow"), Unavailable, Unavailable),
    (httpx.ReadTimeout("silent"), Unavailable, OutcomeUnknown),
    (httpx.RemoteProtocolError("broken"), Unavailable, OutcomeUnknown),
    (httpx.Response(500, json={"message": "oops"}), Unavailable, OutcomeUnknown),
    (httpx.Response(502, text="<html>bad gateway</html>"), Unavailable, OutcomeUnknown),
    (httpx.Response(503), Unavailable, Unavailable),
    (httpx.Response(504), Unavailable, OutcomeUnknown),
    (httpx.Response(408), Unavailable, OutcomeUnknown),
    (httpx.Response(200, text="not json"), Unavailable, OutcomeUnknown),
    (httpx.Response(429), RateLimited, RateLimited),
    (httpx.Response(401, text="expired"), Unauthorized, Unauthorized),
    (httpx.Response(403, text="<html>no</html>"), Unauthorized, Unauthorized),
    (httpx.Response(400, text="invalid value"), Refused, Refused),
    (httpx.Response(422, json={"message": "no such field"}), Refused, Refused),
    (httpx.Response(308, headers={"location": "https://elsewhere.example"}), Refused, Refused),
]


class FailureContract:
    """Subclass it, and give a fixture `world` that is a DisturbedWorld."""

    @pytest.mark.parametrize(("answer", "reading", "writing"), EVERY_ANSWER)
    def test_every_answer_has_one_meaning(
        self,
        world: DisturbedWorld,
        answer: httpx.Response | Exception,
        reading: type[AdapterError],
        writing: type[AdapterError],
    ) -> None:
        world.fake.before = lambda request: None if world.is_write(request) else answer
        with pytest.raises(AdapterError) as read:
            run(world.crm.find_person("other@example.com"))

        world.fake.before = lambda request: answer if world.is_write(request) else None
        with pytest.raises(AdapterError) as written:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert (type(read.value), type(written.value)) == (reading, writing)
        assert not [secret for secret in world.secrets if secret in str(read.value) + str(written.value)]

    def test_a_create_whose_answer_is_lost_is_unknown_and_found_before_another_is_made(
        self, world: DisturbedWorld
    ) -> None:
        with losing_answers(world), pytest.raises(OutcomeUnknown):
            run(world.crm.upsert_person(AYSE, person_id=None))

        made = run(world.crm.upsert_person(AYSE, person_id=None))

        assert len(world.people()) == 1
        assert [one.person_id for one in run(world.crm.find_person(AYSE.email))] == [made.person_id]

    def test_an_entry_whose_answer_is_lost_is_unknown_and_found_by_its_marker(self, world: DisturbedWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        run(world.crm.log(person, REPLY, look_first=False))
        [_] = world.entries(person)
        other = type(REPLY)(key="evt-2", kind="note", at=REPLY.at, text="Called")

        with losing_answers(world), pytest.raises(OutcomeUnknown):
            run(world.crm.log(person, other, look_first=False))
        entry = run(world.crm.log(person, other, look_first=True))

        assert entry
        assert len(world.entries(person)) == 2


class losing_answers:  # noqa: N801  # it reads as a sentence in a `with`
    """While it lasts, writes are done and their answers lost."""

    def __init__(self, world: DisturbedWorld) -> None:
        self._world = world

    def __enter__(self) -> None:
        is_write = self._world.is_write
        self._world.fake.after = lambda request: httpx.ReadTimeout("silent") if is_write(request) else None

    def __exit__(self, *_: Any) -> None:
        self._world.fake.after = lambda request: None
