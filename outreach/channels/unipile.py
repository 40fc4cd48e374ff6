"""LinkedIn through Unipile (API v1): developer.unipile.com.

The person is looked up by reads; the last look stands immediately before the one call that does something. Nothing is
deduplicated by the provider, so an answer in doubt stays unknown until a person or the list of sent invitations and
messages tells. Requests follow Unipile's own descriptions and client; unverified, and therefore an option: where a
profile is followed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.channel import Abilities, Attachment, LastLook, Message, Receipt, Relation, Sought
from outreach.channels import unipile_people
from outreach.channels.unipile_errors import CONNECTED, INVITED, PERFORMED, PROVIDER, finer
from outreach.channels.unipile_people import Pending, Profile, identifier, post_id
from outreach.errors import Outcome, Refused, Unauthorized

__all__ = ["Options", "Unipile", "identifier"]

LONGEST_NOTE = 300  # characters; LinkedIn lets free accounts write 200
_PAGES_OF_RELATIONS = 3  # of 100 each
_PAGES = 20  # of 100 pending invitations each
_APIS = ("classic", "sales_navigator", "recruiter")
_REACTIONS = ("like", "celebrate", "support", "love", "insightful", "funny")


@dataclass(frozen=True, slots=True)
class Options:
    """One LinkedIn account connected at Unipile. `base_url` is the DSN of the dashboard, with https:// and port."""

    base_url: str
    account: str
    token: str = field(repr=False)
    longest_note: int = LONGEST_NOTE
    inmail_api: str = "classic"  # the product whose InMail credits are used
    reaction: str = "like"
    follow_path: str = "/users/{id}/follow"  # unverified
    voice_field: str = "voice_message"

    def __post_init__(self) -> None:
        if self.inmail_api not in _APIS:
            raise ValueError(f"inmail_api '{self.inmail_api}' is none of {', '.join(_APIS)}.")
        if self.reaction not in _REACTIONS:
            raise ValueError(f"reaction '{self.reaction}' is none of {', '.join(_REACTIONS)}.")
        if not self.follow_path.startswith("/") or "{id}" not in self.follow_path:
            raise ValueError("follow_path begins with / and holds {id}, where the person's id stands.")


Do = Callable[[Message, LastLook], Awaitable[Receipt]]


class Unipile:
    """The channel `unipile`: every action of `linkedin`."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[Abilities] = Abilities(
        actions=("invite", "message", "visit", "voice", "inmail", "follow", "like", "withdraw"), connections=1
    )

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        self._api = ApiClient(
            PROVIDER,
            http,
            base_url=f"{options.base_url.rstrip('/').removesuffix('/api/v1')}/api/v1",
            headers={"X-API-KEY": options.token},
            translate=finer,
        )
        self._does: dict[str, Do] = {
            "invite": self._invite,
            "message": self._message,
            "visit": self._visit,
            "voice": self._voice,
            "inmail": self._inmail,
            "follow": self._follow,
            "like": self._like,
            "withdraw": self._withdraw,
        }

    def __repr__(self) -> str:
        return f"Unipile({self._options!r})"

    async def send(self, message: Message, *, last_look: LastLook) -> Receipt:
        do = self._does.get(message.action.rpartition(".")[2])
        if do is None:
            said = f"cannot do {message.action!r}; it does {', '.join(self._does)}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return await do(message, last_look)

    async def relations(self, since: datetime) -> Sequence[Relation]:
        """The list of relations, which begins with the newest (unverified); at most three pages of it."""
        found: list[Relation] = []
        cursor = ""
        for _ in range(_PAGES_OF_RELATIONS):
            params = {"account_id": self._options.account, "limit": "100"} | ({"cursor": cursor} if cursor else {})
            page = await self._api.get("/users/relations", params=params, read=unipile_people.relations)
            found += [each for each in page.people if each.at is None or each.at >= since]
            cursor = page.cursor
            if not cursor or (page.people and all(each.at and each.at < since for each in page.people)):
                break
        return found

    async def look_up(self, sought: Sought) -> Receipt | None:
        """Invitations by the state of the person, messages by what we wrote in their chats at that time."""
        action = sought.action.rpartition(".")[2]
        if action not in ("invite", "message", "voice", "inmail"):
            return None
        person = await self._resolve(sought.to)
        if action == "invite":
            is_there = person.is_invited or person.is_relation
            said = "the invitation is pending" if person.is_invited else "connected"
            return Receipt(reply=said, recipient_id=person.provider_id) if is_there else None
        return await self._said_to(person, sought)

    async def _said_to(self, person: Profile, sought: Sought) -> Receipt | None:
        """That a person's id may stand in place of the attendee's is unverified."""
        chats: list[str] = await self._api.get(
            f"/chat_attendees/{segment(person.provider_id)}/chats",
            params={"account_id": self._options.account, "limit": "10"},
            read=lambda reply: [unipile_people.text(chat["id"]) for chat in reply["items"]],
        )
        for chat in chats:
            path = f"/chats/{segment(chat)}/messages"
            found: str = await self._api.get(
                path, params={"limit": "50"}, read=lambda reply: unipile_people.own_message(reply, sought)
            )
            if found:
                return Receipt(
                    provider_id=found, thread_id=chat, reply="found in the chat", recipient_id=person.provider_id
                )
        return None

    async def sign_in(self) -> str:
        """Read the state of the account at Unipile; nothing is done. Raises AdapterError."""
        path = f"/accounts/{segment(self._options.account)}"
        return await self._api.get(path, read=lambda reply: _connected(self._options.account, reply))

    async def close(self) -> None:
        """The connections belong to the httpx client, which its owner closes."""

    async def _invite(self, message: Message, last_look: LastLook) -> Receipt:
        if len(message.text) > self._options.longest_note:
            said = (
                f"the note has {len(message.text)} characters, LinkedIn takes {self._options.longest_note}; shorten it"
            )
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        person = await self._resolve(message.to)
        if person.is_relation:
            raise Refused(PROVIDER, "already connected; go on to a message", outcome=Outcome.DUPLICATE, code=CONNECTED)
        if person.is_invited:
            await last_look()
            return Receipt(reply="an invitation was pending already", recipient_id=person.provider_id)
        body = {"account_id": self._options.account, "provider_id": person.provider_id}
        if message.text:
            body["message"] = message.text
        call = self._api.post(
            "/users/invite", json=body, before=last_look, read=lambda reply: _invited(reply, person.provider_id)
        )
        return await _or_done(call, INVITED, person)

    async def _message(self, message: Message, last_look: LastLook) -> Receipt:
        return await self._chat(message, [_field("text", _words(message))], last_look)

    async def _voice(self, message: Message, last_look: LastLook) -> Receipt:
        recording = next((each for each in message.attachments if each.content_type.startswith("audio/")), None)
        if recording is None:
            said = "there is no recording: attach an audio file in the front matter of the template"
            raise Refused(PROVIDER, said, outcome=Outcome.REJECTED_CONTENT)
        return await self._chat(message, [_file(self._options.voice_field, recording)], last_look)

    async def _chat(self, message: Message, parts: list[Any], last_look: LastLook) -> Receipt:
        """In the chat there is, else in a new one with somebody who is a relation."""
        if message.thread_id:
            return await self._api.post(
                f"/chats/{segment(message.thread_id)}/messages",
                files=parts,
                before=last_look,
                read=lambda reply: _sent(reply, message.thread_id),
            )
        person = await self._resolve(message.to)
        if not person.is_relation:
            raise Refused(PROVIDER, "not connected with this person yet; invite first", outcome=Outcome.NOT_READY)
        return await self._new_chat(person, parts, last_look)

    async def _inmail(self, message: Message, last_look: LastLook) -> Receipt:
        """To anybody, for a credit; the person's id is the one of the product that sends.

        `linkedin[inmail]` is described for classic alone; the other two send nothing but InMail.
        """
        api = self._options.inmail_api
        person = await self._resolve(message.to, api="" if api == "classic" else api)
        options = {"linkedin[api]": api, "linkedin[inmail]": "true" if api == "classic" else ""}
        options |= {"subject": message.subject}
        parts = [_field(name, value) for name, value in options.items() if value]
        return await self._new_chat(person, [_field("text", _words(message)), *parts], last_look)

    async def _new_chat(self, person: Profile, parts: list[Any], last_look: LastLook) -> Receipt:
        start = {"account_id": self._options.account, "attendees_ids": person.provider_id}
        return await self._api.post(
            "/chats",
            files=[*(_field(name, value) for name, value in start.items()), *parts],
            before=last_look,
            read=lambda reply: _chat_started(reply, person.provider_id),
        )

    async def _visit(self, message: Message, last_look: LastLook) -> Receipt:
        """The look-up itself, made known to the person."""
        return await self._api.get(
            f"/users/{segment(identifier(message.to))}",
            params={"account_id": self._options.account, "notify": "true"},
            is_write=True,
            before=last_look,
            read=lambda reply: Receipt(reply="visited", recipient_id=unipile_people.profile(reply).provider_id),
        )

    async def _follow(self, message: Message, last_look: LastLook) -> Receipt:
        person = await self._resolve(message.to)
        call = self._api.post(
            self._options.follow_path.replace("{id}", segment(person.provider_id)),
            json={"account_id": self._options.account},
            before=last_look,
            read=lambda reply: _object(reply, "followed", person),
        )
        return await _or_done(call, PERFORMED, person)

    async def _like(self, message: Message, last_look: LastLook) -> Receipt:
        """The post the text names, else the newest of the person; who has written none is left alone."""
        person = await self._resolve(message.to)
        post = post_id(message.text) if message.text.strip() else await self._newest_post(person)
        if not post:
            await last_look()
            return Receipt(reply="nothing to like: there is no post", recipient_id=person.provider_id)
        body = {"account_id": self._options.account, "post_id": post, "reaction_type": self._options.reaction}
        call = self._api.post(
            "/posts/reaction", json=body, before=last_look, read=lambda reply: _object(reply, f"liked {post}", person)
        )
        return await _or_done(call, PERFORMED, person)

    async def _newest_post(self, person: Profile) -> str:
        return await self._api.get(
            f"/users/{segment(person.provider_id)}/posts",
            params={"account_id": self._options.account, "limit": "1"},
            read=unipile_people.newest_post,
        )

    async def _withdraw(self, message: Message, last_look: LastLook) -> Receipt:
        """An invitation that was answered, or is not there any more, is left alone."""
        person = await self._resolve(message.to)
        invitation_id = "" if person.is_relation else await self._pending(person)
        if not invitation_id:
            await last_look()
            return Receipt(reply="no invitation is pending", recipient_id=person.provider_id)
        return await self._api.delete(
            f"/users/invite/sent/{segment(invitation_id)}",
            params={"account_id": self._options.account},
            before=last_look,
            read=lambda reply: _object(reply, f"withdrawn {invitation_id}", person),
        )

    async def _pending(self, person: Profile) -> str:
        cursor = ""
        for _ in range(_PAGES):
            params = {"account_id": self._options.account, "limit": "100"} | ({"cursor": cursor} if cursor else {})
            page: Pending = await self._api.get(
                "/users/invite/sent", params=params, read=lambda reply: unipile_people.pending(reply, person)
            )
            if page.invitation_id or not page.cursor:
                return page.invitation_id
            cursor = page.cursor
        return ""

    async def _resolve(self, to: str, *, api: str = "") -> Profile:
        params = {"account_id": self._options.account} | ({"linkedin_api": api} if api else {})
        return await self._api.get(f"/users/{segment(identifier(to))}", params=params, read=unipile_people.profile)


async def _or_done(call: Awaitable[Receipt], done: Collection[str], person: Profile) -> Receipt:
    """Somebody did the same before: that counts as done."""
    try:
        return await call
    except Refused as refused:
        if refused.code not in done:
            raise
        return Receipt(reply=refused.said, recipient_id=person.provider_id)


def _words(message: Message) -> str:
    if not message.text.strip():
        raise Refused(PROVIDER, "the message is empty", outcome=Outcome.REJECTED_CONTENT)
    return message.text


def _field(name: str, value: str) -> tuple[str, tuple[None, str]]:
    """A plain form field; httpx sends multipart/form-data for these, which Unipile asks for on chats."""
    return name, (None, value)


def _file(name: str, file: Attachment) -> tuple[str, tuple[str, bytes, str]]:
    return name, (file.name, file.content, file.content_type)


def _invited(reply: Any, recipient_id: str) -> Receipt:
    _expect(reply, "UserInvitationSent")
    return Receipt(provider_id=reply.get("invitation_id") or "", reply=reply["object"], recipient_id=recipient_id)


def _sent(reply: Any, thread_id: str) -> Receipt:
    _expect(reply, "MessageSent")
    return Receipt(provider_id=reply.get("message_id") or "", thread_id=thread_id, reply=reply["object"])


def _chat_started(reply: Any, recipient_id: str) -> Receipt:
    """`chat_id` and `message_id` may both be null (developer.unipile.com, startNewChat)."""
    _expect(reply, "ChatStarted")
    return Receipt(
        provider_id=reply.get("message_id") or "",
        thread_id=reply.get("chat_id") or "",
        reply=reply["object"],
        recipient_id=recipient_id,
    )


def _object(reply: Any, said: str, person: Profile) -> Receipt:
    """Answers whose names are not documented: an object that says what it is, and is no error."""
    if not isinstance(reply["object"], str) or reply["object"] in ("", "Error"):
        raise ValueError("expected an object")
    return Receipt(reply=said, recipient_id=person.provider_id)


def _connected(account: str, reply: Any) -> str:
    """Each source of an account has a status of its own: OK, CREDENTIALS, … (developer.unipile.com, Account)."""
    wrong = [str(source["status"]) for source in reply.get("sources") or () if source["status"] != "OK"]
    if wrong:
        said = f"account {account} is not connected ({', '.join(wrong)}): connect it again in Unipile's dashboard"
        raise Unauthorized(PROVIDER, said)
    return f"account {account} of {reply.get('name') or 'somebody'} is connected"


def _expect(reply: Any, kind: str) -> None:
    if reply["object"] != kind:
        raise ValueError(f"expected {kind}")
