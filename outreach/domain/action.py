"""What a touch can do on a social channel: one table, which everything that knows channels asks.

`<channel>.<action>` is the key of a step; a channel with one action only is a key itself (`sms`). `http.<name>` is any
request that an account of the channel `http` knows by that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

HTTP = "http"
HTTP_KEY = r"^http\.[a-z][a-z0-9_-]{0,63}$"
_HTTP_STEP = re.compile(HTTP_KEY)


class Wording(StrEnum):
    """Does the action take a template?"""

    NONE = "none"
    OPTIONAL = "optional"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a channel does. `what` and `by_hand` are sentences for people; `example` is a value of the step."""

    name: str  # the key of the step
    wording: Wording
    what: str
    by_hand: str  # what a person does where no account is connected
    example: str | None = None
    address: str | None  # the kind of address it goes to; None: it needs none
    longest: int | None = None  # characters of the text; what is longer, no provider takes
    is_message: bool = True  # it carries words that can be answered

    @property
    def channel(self) -> str:
        return self.name.partition(".")[0]

    @property
    def word(self) -> str:
        """How adapters and limits call it: `invite`; `sms`."""
        return self.name.rpartition(".")[2]


LONGEST_NOTE = 300
"""Characters of an invitation's note, paid accounts (developer.unipile.com, POST /users/invite); free ones: 200."""

_TABLE = (
    Action(
        name="linkedin.invite",
        wording=Wording.OPTIONAL,
        what="Invite on LinkedIn, with the note of this template or without one.",
        by_hand="Invite on LinkedIn",
        example="founders/note",
        address="linkedin",
        longest=LONGEST_NOTE,
        is_message=False,
    ),
    Action(
        name="linkedin.message",
        wording=Wording.NEEDED,
        what="Write on LinkedIn with this template.",
        by_hand="Write on LinkedIn",
        example="founders/thanks",
        address="linkedin",
    ),
    Action(
        name="linkedin.visit",
        wording=Wording.NONE,
        what="Look at the profile, so that the visit shows.",
        by_hand="Visit the profile on LinkedIn",
        address="linkedin",
        is_message=False,
    ),
    Action(
        name="linkedin.voice",
        wording=Wording.NEEDED,
        what="A voice message: the template says what is spoken, and attaches the recording.",
        by_hand="Record this as a voice message on LinkedIn",
        example="founders/spoken",
        address="linkedin",
    ),
    Action(
        name="linkedin.inmail",
        wording=Wording.NEEDED,
        what="An InMail with this template and its subject; no connection is needed, credits are.",
        by_hand="Send an InMail on LinkedIn",
        example="founders/inmail",
        address="linkedin",
    ),
    Action(
        name="linkedin.follow",
        wording=Wording.NONE,
        what="Follow the person on LinkedIn.",
        by_hand="Follow on LinkedIn",
        address="linkedin",
        is_message=False,
    ),
    Action(
        name="linkedin.like",
        wording=Wording.OPTIONAL,
        what="Like a post: the one whose address the template gives, else the newest of the person.",
        by_hand="Like a post on LinkedIn",
        example="founders/post",
        address="linkedin",
        is_message=False,
    ),
    Action(
        name="linkedin.withdraw",
        wording=Wording.NONE,
        what="Take back the invitation if it is still pending.",
        by_hand="Withdraw the pending invitation on LinkedIn",
        address="linkedin",
        is_message=False,
    ),
    Action(
        name="x.follow",
        wording=Wording.NONE,
        what="Follow the person on X.",
        by_hand="Follow on X",
        address="x",
        is_message=False,
    ),
    Action(
        name="x.like",
        wording=Wording.OPTIONAL,
        what="Like a post on X: the one whose address the template gives, else the newest of the person.",
        by_hand="Like a post on X",
        example="founders/post",
        address="x",
        is_message=False,
    ),
    Action(
        name="x.dm",
        wording=Wording.NEEDED,
        what="A direct message on X with this template.",
        by_hand="Send a direct message on X",
        example="founders/dm",
        address="x",
        longest=10_000,
    ),
    Action(
        name="whatsapp.template",
        wording=Wording.NEEDED,
        what="A WhatsApp message that Meta approved; the template names it with `approved_as`.",
        by_hand="Write on WhatsApp",
        example="founders/approved",
        address="whatsapp",
        longest=1_024,
    ),
    Action(
        name="whatsapp.message",
        wording=Wording.NEEDED,
        what="A WhatsApp message of your own words; only within 24 hours of the person's last one.",
        by_hand="Write on WhatsApp",
        example="founders/chat",
        address="whatsapp",
        longest=4_096,
    ),
    Action(
        name="sms",
        wording=Wording.NEEDED,
        what="A text message with this template.",
        by_hand="Send a text message",
        example="founders/sms",
        address="phone",
        longest=1_600,
    ),
    Action(
        name="telegram.message",
        wording=Wording.NEEDED,
        what="Write on Telegram with this template; only to people who wrote to the bot first.",
        by_hand="Write on Telegram",
        example="founders/chat",
        address="telegram",
        longest=4_096,
    ),
    Action(
        name="slack.message",
        wording=Wording.NEEDED,
        what="Tell the team in Slack with this template; the lead hears nothing.",
        by_hand="Tell the team",
        example="team/news",
        address=None,
        longest=40_000,
        is_message=False,
    ),
)

ACTIONS: Mapping[str, Action] = {action.name: action for action in _TABLE}
"""Every action by the key of its step, `http.<name>` left out. Lengths are those that providers document."""

TOUCH_ACTIONS = ("email", *ACTIONS, "task")
"""What a touch step can do, beside `http.<name>`."""


def is_http(name: str) -> bool:
    return _HTTP_STEP.match(name) is not None


def is_touch(name: str) -> bool:
    """Is this the key of a step that makes a touch?"""
    return name in TOUCH_ACTIONS or is_http(name)


def find(name: str) -> Action | None:
    """The action of a step's key; None for `email`, `task` and whatever is no touch."""
    return _http(name) if is_http(name) else ACTIONS.get(name)


def _http(name: str) -> Action:
    word = name.partition(".")[2]
    return Action(
        name=name,
        wording=Wording.OPTIONAL,
        what="Send the request of that name, with the text of this template or without one.",
        by_hand=f"Do what the request '{word}' would do",
        address=None,
        is_message=False,
    )


_ADDRESSES = {"task": "email", **{action.channel: action.address for action in _TABLE}, HTTP: None}


def address_kind(channel: str) -> str | None:
    """The kind of address a channel writes to; None for one that needs none."""
    return _ADDRESSES.get(channel, channel)


def needs_address(channel: str) -> bool:
    return address_kind(channel) is not None


def task_kind(channel: str) -> str:
    """The kind of a task that stands for a touch on that channel."""
    return channel if channel in ("linkedin", "email") else "custom"


def order(name: str) -> tuple[int, str]:
    """Which comes first where everything else is the same."""
    return (TOUCH_ACTIONS.index(name) if name in TOUCH_ACTIONS else len(TOUCH_ACTIONS), name)
