"""What Unipile's error types of API v1 mean (developer.unipile.com), and which of them say that all is done already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import httpx

from outreach.api_client import code_of, words_of
from outreach.channels.meanings import BLOCKED, CONTENT, LATER, NOT_READY, RECIPIENT, SET_UP, Meaning, error_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized

PROVIDER = "unipile"
CONNECTED = "errors/already_connected"
INVITED = frozenset({"errors/already_invited_recently", "errors/action_already_performed"})
PERFORMED = frozenset({"errors/action_already_performed"})

_DONE = Meaning(Refused, Outcome.DUPLICATE)
_LIMIT = Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=1))
_LIMIT_OF_A_DAY = Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=24))

# The error types of v1. Those that do not tell whether LinkedIn took it (unexpected_error, provider_error,
# request_timeout) are missing on purpose: the common table calls them unknown when sending.
_BY_TYPE: Mapping[str, Meaning] = {
    "cannot_resend_yet": _LIMIT_OF_A_DAY,
    "cannot_resend_within_24hrs": _LIMIT_OF_A_DAY,
    "limit_exceeded": _LIMIT,
    "connection_limit_reached": _LIMIT,
    "too_many_requests": _LIMIT,
    "already_invited_recently": _DONE,
    "already_connected": _DONE,
    "action_already_performed": _DONE,
    "no_connection_with_recipient": NOT_READY,
    "not_allowed_inmail": NOT_READY,
    "insufficient_credits": NOT_READY,
    "invalid_recipient": RECIPIENT,
    "user_unreachable": RECIPIENT,
    "blocked_recipient": RECIPIENT,
    "cannot_invite_attendee": RECIPIENT,
    "recipient_rejected": RECIPIENT,
    "cant_send_message": RECIPIENT,
    "too_many_characters": CONTENT,
    "invalid_message": CONTENT,
    "content_too_large": CONTENT,
    "invalid_credentials": BLOCKED,
    "expired_credentials": BLOCKED,
    "disconnected_account": BLOCKED,
    "checkpoint_error": BLOCKED,
    "multiple_sessions": BLOCKED,
    "wrong_account": BLOCKED,
    "account_restricted": BLOCKED,
    "sender_rejected": BLOCKED,
    "ip_rejected_by_server": BLOCKED,
    "unauthorized": BLOCKED,
    "insufficient_permissions": SET_UP,
    "feature_not_subscribed": SET_UP,
    "subscription_required": SET_UP,
    "provider_unreachable": LATER,
    "no_client_session": LATER,
}


_OF_THE_ACTION = frozenset(
    {"account_restricted", "insufficient_permissions", "feature_not_subscribed", "subscription_required"}
)
"""The account may not do this one thing, or not for a while; signed in it still is."""


def finer(response: httpx.Response, body: object) -> AdapterError | None:
    code = code_of(body)
    said = f"{response.status_code} {words_of(body) or code}"
    if code == "errors/resource_not_found":
        return _not_found(response.request.url.path, said, code)
    meaning = _BY_TYPE.get(code.removeprefix("errors/"))
    if meaning is None:
        return None
    if code.removeprefix("errors/") in _OF_THE_ACTION:
        return Unauthorized(PROVIDER, said, outcome=meaning.outcome, code=code, only_this_action=True)
    return error_of(PROVIDER, meaning, said, code=code, response=response)


def _not_found(path: str, said: str, code: str) -> AdapterError | None:
    """One type for three things: our account, the profile, a chat. Only a missing profile speaks against the person."""
    if "account" in said.lower():
        return Unauthorized(PROVIDER, said, outcome=Outcome.CONFIG, code=code)
    if "/users/" in path:
        return Refused(PROVIDER, said, outcome=Outcome.REJECTED_RECIPIENT, code=code)
    return None
