"""Who and what is meant on LinkedIn: profiles, pending invitations, posts, as Unipile's API v1 shows them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from outreach.channel import Relation, Sought
from outreach.channels.unipile_errors import PROVIDER
from outreach.errors import Outcome, Refused

_PROFILE_PATH = re.compile(r"/in/([^/]+)/?")
_IDENTIFIER = re.compile(r"[\w.\-]{1,200}")
_POST = re.compile(r"(activity|ugcPost|share)[:-](\d{10,25})")
_POST_ID = re.compile(r"[\w:.()=,\-]{1,200}")


class Profile(NamedTuple):
    """A person, seen from the connected account."""

    provider_id: str
    public_identifier: str
    is_relation: bool
    is_invited: bool


def identifier(to: str) -> str:
    """The public identifier in a profile's address, or the identifier itself. Raises Refused (rejected_recipient)."""
    value = to.strip()
    if "/" in value:
        url = urlsplit(value if "//" in value else f"https://{value}")
        host = (url.hostname or "").lower()
        found = _PROFILE_PATH.match(url.path)
        value = unquote(found.group(1)) if found and (host == "linkedin.com" or host.endswith(".linkedin.com")) else ""
    if not _IDENTIFIER.fullmatch(value) or not value.strip("."):
        raise Refused(
            PROVIDER,
            f"{to!r} is no LinkedIn profile; write https://www.linkedin.com/in/<name>",
            outcome=Outcome.REJECTED_RECIPIENT,
        )
    return value


def post_id(text: str) -> str:
    """The id of the post at an address, or the id itself. Raises Refused (rejected_content)."""
    words = unquote(text.strip())
    found = _POST.search(words)
    if found:
        return f"urn:li:{found.group(1)}:{found.group(2)}"
    if not _POST_ID.fullmatch(words):
        said = f"{text.strip()[:80]!r} is no post; write the address that LinkedIn shows for it"
        raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
    return words


def profile(reply: Any) -> Profile:
    """From `GET /users/{identifier}`."""
    invitation = reply.get("invitation") or {}
    return Profile(
        provider_id=text(reply["provider_id"]),
        public_identifier=str(reply.get("public_identifier") or ""),
        is_relation=reply.get("network_distance") == "FIRST_DEGREE" or reply.get("is_relationship") is True,
        is_invited=invitation.get("type") == "SENT" and invitation.get("status") == "PENDING",
    )


def newest_post(reply: Any) -> str:
    """From `GET /users/{identifier}/posts`: the id that reactions name; empty if there is no post."""
    items = reply["items"]
    return text(items[0].get("social_id") or items[0]["id"]) if items else ""


class Relations(NamedTuple):
    """A page of people who are connected, and where the next page is."""

    people: list[Relation]
    cursor: str


def relations(reply: Any) -> Relations:
    """From `GET /users/relations`; `created_at` counts milliseconds."""
    return Relations([_relation(item) for item in reply["items"]], str(reply.get("cursor") or ""))


def _relation(item: Any) -> Relation:
    slug, made = str(item.get("public_identifier") or "").lower(), item.get("created_at")
    at = datetime.fromtimestamp(made / 1000, UTC) if isinstance(made, int | float) and made > 0 else None
    url = f"https://www.linkedin.com/in/{slug}" if slug else ""
    return Relation(provider_id=text(item["member_id"]), profile_url=url, at=at)


def own_message(reply: Any, sought: Sought) -> str:
    """From `GET /chats/{id}/messages`: the id of what we wrote about that time; empty if there is nothing."""
    ours = (item for item in reply["items"] if item.get("is_sender") in (1, True))
    return next((text(item["id"]) for item in ours if sought.is_near(_instant(item["timestamp"]))), "")


def _instant(written: str) -> datetime:
    at = datetime.fromisoformat(written)
    if at.tzinfo is None:
        raise ValueError("expected an instant with its zone")
    return at


class Pending(NamedTuple):
    """A page of invitations that were sent and not answered: the one to that person, or where the next page is."""

    invitation_id: str
    cursor: str


def pending(reply: Any, person: Profile) -> Pending:
    """From `GET /users/invite/sent`."""
    found = next((text(item["id"]) for item in reply["items"] if _is_to(item, person)), "")
    return Pending(found, str(reply.get("cursor") or ""))


def _is_to(item: Any, person: Profile) -> bool:
    same_slug = person.public_identifier and item.get("invited_user_public_id") == person.public_identifier
    return bool(same_slug) or item.get("invited_user_id") == person.provider_id


def text(value: Any) -> str:
    """An id, which is never empty. Raises ValueError for anything else."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected an id")
    return value
