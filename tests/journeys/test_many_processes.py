"""Several workers and schedulers share the work: each message once, whatever carries the nudges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from outreach.testing.journey import Journey

Begin = Callable[..., Journey]


@pytest.mark.parametrize(
    ("kind", "people", "roles"),
    [
        ("postgresql and redis", 300, ("worker", "worker", "scheduler", "scheduler")),
        ("sqlite", 150, ("worker", "worker", "scheduler", "scheduler")),
    ],
)
def test_each_message_goes_out_once(
    begin: Begin, new_environ: Callable[[str], dict[str, str]], kind: str, people: int, roles: tuple[str, ...]
) -> None:
    journey = begin(environ=new_environ(kind), people=people, batch=20, lease=30)

    for role in roles:
        journey.start(role)
    journey.settle(90)

    journey.prove(most_unknown=0)
    assert journey.sink.accepted == 2 * people
    assert len({row["owner"] for row in journey.touches()}) == roles.count("worker")
