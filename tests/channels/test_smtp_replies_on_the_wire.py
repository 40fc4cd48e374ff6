"""Every reply whose meaning is known, given by a real server at its stage: the channel gives its one outcome."""

from __future__ import annotations

import pytest

from outreach.channels.smtp_codes import Stage
from outreach.errors import AdapterError, Outcome
from outreach.testing.channel import run
from outreach.testing.scripted_smtp import Script
from tests.channels.test_smtp import ACCEPTED_NOTHING, MESSAGE, gladly, mail
from tests.channels.test_smtp_codes import ROWS

PLACES = {
    Stage.GREETING: "GREETING",
    Stage.HELO: "EHLO",
    Stage.AUTH: "AUTH",
    Stage.MAIL: "MAIL",
    Stage.RCPT: "RCPT",
    Stage.DATA: "DATA",
    Stage.TEXT: "DOT",
}


@pytest.mark.parametrize(("stage", "line", "kind", "outcome"), ROWS)
def test_a_reply_on_the_wire_means_what_its_row_says(
    stage: Stage, line: str, kind: type[AdapterError], outcome: Outcome
) -> None:
    script: Script = {PLACES[stage]: line}
    if stage in (Stage.MAIL, Stage.RCPT):
        script = {**script, "DATA": ACCEPTED_NOTHING}

    async def story() -> AdapterError:
        async with mail(script) as world:
            with pytest.raises(AdapterError) as caught:
                await world.channel.send(MESSAGE, last_look=gladly)
            return caught.value

    error = run(story())

    assert (type(error), error.outcome) == (kind, outcome)
