"""WhatsApp Cloud API: approved templates, and free text inside the 24 hours after a person's last message.

developers.facebook.com/docs/whatsapp/cloud-api, and Meta's description of the API, v23.0, which is what `version` is if
left out. Nothing is deduplicated; our key travels as `biz_opaque_callback_data` and comes back with each status,
so that a message in doubt is settled by its own news.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.channel import Abilities, LastLook, Message, Receipt
from outreach.channels import meanings
from outreach.channels.meanings import Meaning, error_of
from outreach.errors import AdapterError, Outcome, Refused

PROVIDER = "whatsapp"
LONGEST = 4096  # characters of a text message
_NUMBER = re.compile(r"\+?([1-9]\d{6,14})")
_USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?\d{3,40}")  # business-scoped: US.1349…, US.ENT.…


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One telephone number of a business. `language` is the one of templates that name none."""

    phone_number_id: str
    token: str = field(repr=False)
    language: str = "en_US"
    version: str = "v23.0"
    base_url: str = "https://graph.facebook.com"


class WhatsApp:
    """The channel `whatsapp`: `whatsapp.template` and `whatsapp.message`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(actions=("template", "message"), max_length=LONGEST, connections=4)

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=f"{options.base_url.rstrip('/')}/{segment(options.version)}",
            headers={"authorization": f"Bearer {options.token}"},
            translate=_finer,
        )

    def __repr__(self) -> str:
        return f"WhatsApp({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        body = self._body(message)
        path = f"/{segment(self._options.phone_number_id)}/messages"
        return await self._api.post(path, json=body, before=last_look, read=_taken)

    async def sign_in(self) -> str:
        """Read the number; nothing is sent. Raises AdapterError."""
        return await self._api.get(
            f"/{segment(self._options.phone_number_id)}",
            params={"fields": "display_phone_number,verified_name"},
            read=lambda reply: (
                f"signed in as {reply['display_phone_number']} {reply.get('verified_name') or ''}".rstrip()
            ),
        )

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    def _body(self, message: Message) -> dict[str, Any]:
        what = message.action.rpartition(".")[2]
        if what not in self.can.actions:
            said = f"cannot do {message.action!r}; it does template and message"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        content = self._template(message) if what == "template" else _text(message)
        start = {"messaging_product": "whatsapp", "recipient_type": "individual"}
        return {**start, **_recipient(message), **content, "biz_opaque_callback_data": message.key}

    def _template(self, message: Message) -> dict[str, Any]:
        if not message.template:
            said = "the text names no approved template: write `approved_as: <name>` at its head"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        language = message.language.replace("-", "_") or self._options.language
        spoken = {"policy": "deterministic", "code": language}
        template: dict[str, Any] = {"name": message.template, "language": spoken}
        components = _components(message.values)
        return {"type": "template", "template": template | ({"components": components} if components else {})}


def _recipient(message: Message) -> dict[str, str]:
    """The number where it is known, because some templates refuse ids (131062); else the business-scoped user id."""
    for known in (message.address, message.to):
        if number := _NUMBER.fullmatch(known.strip()):
            return {"to": number.group(1)}
    if _USER_ID.fullmatch(message.to.strip()):
        return {"recipient": message.to.strip()}
    said = f"{message.to!r} is neither a number with its country nor a user id of WhatsApp"
    raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_RECIPIENT)


def _text(message: Message) -> dict[str, Any]:
    text = message.text.strip()
    if not text or len(text) > LONGEST:
        said = f"the text has {len(text)} characters; WhatsApp takes 1 to {LONGEST}"
        raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _components(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """`1`, `2`: by position; other names as the template has them; `header.<name>`, `button.<number>` elsewhere."""
    header = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("header.")}
    buttons = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("button.")}
    body = {name: value for name, value in values.items() if "." not in name}
    found = [{"type": "header", "parameters": _parameters(header)}] if header else []
    found += [{"type": "body", "parameters": _parameters(body)}] if body else []
    return found + [
        {"type": "button", "sub_type": "url", "index": number, "parameters": [{"type": "text", "text": value}]}
        for number, value in sorted(buttons.items())
    ]


def _parameters(values: Mapping[str, str]) -> Sequence[dict[str, str]]:
    if all(name.isdigit() for name in values):
        return [{"type": "text", "text": values[name]} for name in sorted(values, key=int)]
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]


def _taken(reply: Any) -> Receipt:
    """`paused` means that the template is held back: it was taken, and may never arrive; the statuses tell."""
    message = reply["messages"][0]
    if not isinstance(message["id"], str) or not message["id"]:
        raise ValueError("expected the id of the message")
    contacts: Any = reply.get("contacts") or ({},)
    contact = contacts[0]
    return Receipt(
        provider_id=message["id"],
        reply=str(message.get("message_status") or "accepted"),
        recipient_id=str(contact.get("user_id") or contact.get("wa_id") or ""),
    )


def _finer(response: httpx.Response, body: Any) -> AdapterError | None:
    """By `error.code`: the codes are documented, and say more than the status."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return None
    code = str(error["code"])
    meaning = meaning_of(error["code"])
    if meaning is None:
        return None
    details = error.get("error_data")
    more = details.get("details") if isinstance(details, dict) else None
    said = f"{response.status_code} {code} {error.get('message') or ''} {more or ''}"
    return error_of(PROVIDER, meaning, " ".join(said.split())[:300], code=code, response=response)


def meaning_of(code: int) -> Meaning | None:
    """What a code of the Cloud API says; None for one that nobody has told us about."""
    if 200 <= code <= 299:
        return meanings.BLOCKED
    return _BY_CODE.get(code)


_SPELL = timedelta(hours=1)
_BY_CODE: Mapping[int, Meaning] = {
    0: meanings.BLOCKED,  # the token
    3: meanings.BLOCKED,
    10: meanings.BLOCKED,
    190: meanings.BLOCKED,
    4: meanings.LIMIT._replace(wait=_SPELL),
    80007: meanings.LIMIT._replace(wait=_SPELL),
    130429: meanings.LIMIT,
    131048: meanings.BLOCKED,  # our number was reported too often
    131056: meanings.LATER,  # too many to this recipient
    131064: meanings.BLOCKED,
    368: meanings.BLOCKED,
    131031: meanings.BLOCKED,
    130497: meanings.RECIPIENT,  # messages to this country are not allowed
    131026: meanings.RECIPIENT,
    131030: meanings.SET_UP,  # a test number writes to its list of recipients only
    131047: meanings.NOT_READY,  # more than 24 hours: a template
    131049: meanings.LATER,  # enough marketing for this person today
    131050: meanings.SUPPRESSED,
    130472: meanings.RECIPIENT,
    131062: meanings.WRONG_REQUEST,  # this template takes numbers only
    131063: meanings.SET_UP,
    132000: meanings.CONTENT,
    132001: meanings.CONTENT,
    132005: meanings.CONTENT,
    132007: meanings.CONTENT,
    132008: meanings.CONTENT,
    132012: meanings.CONTENT,
    132015: meanings.CONTENT,  # paused
    132016: meanings.CONTENT,  # disabled
    131000: meanings.LATER,
    131016: meanings.LATER,
    135000: meanings.LATER,
    131008: meanings.WRONG_REQUEST,
    131009: meanings.WRONG_REQUEST,
    100: meanings.WRONG_REQUEST,
    131042: meanings.BLOCKED,  # payment
}
