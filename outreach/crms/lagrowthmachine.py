"""La Growth Machine, the `flow` API (https://apiv2.lagrowthmachine.com/flow): leads go into an audience, statuses out.

Posting a lead that is there fills what is empty and never overwrites, so `overwrite` is refused where it would change
something. Unknown keys are rejected there, so field names are checked here. The note of a conversation is one text:
an entry is appended, and the answer shows the whole of it; an entry that is in it twice is taken out once.
Unverified: the answer for an address nobody has, names in a lead as it is read, `changed_field`, numeric limits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import httpx

from outreach.api_client import ApiClient, segment
from outreach.crm import Account, Activity, Deal, Found, Mode, Operation, Page, Person, RemotePerson, Selection, Wanted
from outreach.crms.entries import heading_of
from outreach.crms.in_doubt import timed_out
from outreach.crms.instants import instant_of
from outreach.crms.lagrowthmachine_options import AUTH, CAN, FIELDS, LACKS, PROVIDER, STATUSES, Options
from outreach.errors import AdapterError, Outcome, Refused

__all__ = ["FIELDS", "STATUSES", "LaGrowthMachine", "Options"]

T = TypeVar("T")
_PAGE = 100
_UNTOLD = frozenset({"owner", "status", "stage", "deal"})
_NOBODY = re.compile(r"not found|no lead|does not exist|unknown lead", re.IGNORECASE)


class LaGrowthMachine:
    """One workspace. It has neither deals nor owners nor tags."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[frozenset[Operation]] = CAN
    lacks: ClassVar[Mapping[Operation, str]] = LACKS
    selections: ClassVar[frozenset[Selection]] = frozenset({Selection.LIST, Selection.PERSON})

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        self._options = options
        header, value = AUTH[options.auth_mode], options.key
        self._query = {} if header else {"apikey": options.key}
        self._api = ApiClient(
            self.provider,
            http,
            base_url=options.base_url,
            headers={header: f"Bearer {value}" if header == "authorization" else value} if header else {},
            secrets=(options.key,),
            translate=_error_of,
        )

    async def check(self) -> Account:
        members = await self._get("/members", lambda body: list(body["members"]))
        who = next((str(one.get("name") or "") for one in members), "")
        return Account(name=f"La Growth Machine {who}".strip(), fields=FIELDS, status_values=STATUSES)

    async def find_person(self, email: str) -> tuple[Found, ...]:
        return tuple(_found(lead) for lead in await self._search({"email": email}) if _is_of(lead, email))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        if wrong := next((item.name for item in person.fields if item.name not in FIELDS), ""):
            raise self._refused(f"leads have no field '{wrong}'. There are: {', '.join(FIELDS)}")
        present = await self._lead(person_id) if person_id else None
        if present is None and any(item.mode is Mode.OVERWRITE for item in person.fields):
            present = next((lead for lead in await self._search({"email": person.email}) if person.email), None)
        self._prove_nothing_is_overwritten(person, present or {})
        identity = {"leadId": person_id} if person_id else {"proEmail": person.email}
        values = {"firstname": person.first_name, "lastname": person.last_name, "companyName": person.company}
        values |= {"crm_id": person.key} | {item.name: item.value for item in person.fields if item.value}
        body = {"audience": self._options.audience} | {
            name: value for name, value in (identity | values).items() if value
        }
        lead_id = await self._post("/leads", json=body, read=lambda reply: str(reply["leadId"]))
        return Found(person_id=lead_id)

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        entry = self._entry(activity)
        note = await self._note(person_id, entry, mode="append")
        if look_first and not note.get("truncated") and (once := _once(note["note"], entry)) != note["note"]:
            await self._note(person_id, once, mode="replace")
        return f"{note.get('conversationId') or person_id}:{activity.marker}"[:255]

    async def set_status(self, person_id: str, status: str) -> None:
        if status not in STATUSES:
            raise self._refused(f"'{status}' is no status. There are: {', '.join(STATUSES)}")
        await self._set(await self._lead(person_id), status)

    async def set_stage(self, person_id: str, stage: str) -> bool:
        raise self._refused(LACKS[Operation.STAGE])

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        raise self._refused(LACKS[Operation.DEAL])

    async def assign_owner(self, person_id: str, email: str) -> None:
        raise self._refused(LACKS[Operation.OWNER])

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        raise self._refused(LACKS[Operation.TAGS])

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._set(await self._lead(person_id), self._options.unsubscribed_status)

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        """Leads of an audience, ours if none is named. A cursor is how many were read."""
        if wanted.by is Selection.PERSON:
            return Page(people=(await self._person(wanted),), total=1)
        audience_id = await self._audience(wanted.value if wanted.by else self._options.audience)
        skip = int(cursor or 0)
        params = {"skip": str(skip), "limit": str(_PAGE)}
        page = await self._get(f"/audiences/{segment(audience_id)}/leads", lambda body: list(body["data"]), params)
        people = tuple(self._remote(lead, wanted) for lead in page)
        fresh = tuple(
            one for one in people if wanted.since is None or (one.changed_at and one.changed_at >= wanted.since)
        )
        return Page(people=fresh, cursor=str(skip + len(page)) if len(page) >= _PAGE else None)

    async def _audience(self, name: str) -> str:
        audiences = await self._get("/audiences", lambda body: list(body["audiences"]))
        found = next((one for one in audiences if name in (str(one["id"]), str(one.get("name")))), None)
        if found is None:
            known = ", ".join(str(one.get("name")) for one in audiences)
            raise self._refused(f"there is no audience '{name}'. Audiences: {known}")
        return str(found["id"])

    async def _person(self, wanted: Wanted) -> RemotePerson:
        leads = await self._search({"leadId": wanted.value})
        return self._remote(leads[0], wanted) if leads else RemotePerson(person_id=wanted.value, is_deleted=True)

    async def _set(self, lead: Mapping[str, Any], status: str) -> None:
        identifier = next(iter(_emails(lead)), "") or str(lead.get("linkedinUrl") or "")
        if not identifier:
            raise self._refused("the lead has neither address nor LinkedIn URL to be named by", Outcome.VALIDATION)
        form = {"status": status, "campaign": self._options.campaign, "identifier": identifier}
        logs = await self._post("/leads/status", data=form, read=lambda body: list(body["logs"]))
        if not any(one.get("leadUpdated") for one in logs):
            reasons = ", ".join(str(one.get("reason") or one.get("campaign") or "") for one in logs)
            raise self._refused(f"no status was set: {reasons or 'the lead is in no campaign'}", Outcome.VALIDATION)

    async def _note(self, person_id: str, text: str, *, mode: str) -> dict[str, Any]:
        body = {"leadId": person_id, "note": text, "mode": mode}
        try:
            return await self._post("/inbox/conversations/note", json=body, read=_note_in)
        except Refused as error:
            if error.outcome is not Outcome.NOT_FOUND:
                raise
            await self._lead(person_id)  # the lead may be gone; if it is there, its conversation is not
            raise self._refused("the lead has no conversation to put a note on", Outcome.VALIDATION) from None

    def _entry(self, activity: Activity) -> str:
        parts = (heading_of(activity), activity.text[: self._options.longest_note], activity.marker)
        return "\n".join(part for part in parts if part)

    async def _lead(self, person_id: str) -> dict[str, Any]:
        leads = await self._search({"leadId": person_id})
        if not leads:
            raise self._refused(f"no lead has the id {person_id}", Outcome.NOT_FOUND)
        return leads[0]

    async def _search(self, params: Mapping[str, str]) -> list[dict[str, Any]]:
        """Nobody is answered with an error, whose status is not written down: 404, or 400 with such words."""
        try:
            return await self._get("/leads/search", _leads_in, params)
        except Refused as error:
            if error.outcome is Outcome.NOT_FOUND or (error.code in ("400", "422") and _NOBODY.search(error.said)):
                return []
            raise

    def _prove_nothing_is_overwritten(self, person: Person, present: Mapping[str, Any]) -> None:
        for item in person.fields:
            before = str(present.get(item.name) or "")
            if item.mode is Mode.OVERWRITE and item.value and before not in ("", item.value):
                said = f"'{item.name}' holds something, and La Growth Machine never overwrites; write `mode: fill`"
                raise self._refused(said)

    def _remote(self, lead: Mapping[str, Any], wanted: Wanted) -> RemotePerson:
        return RemotePerson(
            person_id=str(lead["id"]),
            emails=_emails(lead),
            first_name=str(lead.get("firstname") or ""),
            last_name=str(lead.get("lastname") or ""),
            company=str(lead.get("companyName") or ""),
            values={name: str(lead[name]) for name in wanted.fields if lead.get(name)},
            untold=_UNTOLD,
            changed_at=instant_of(lead.get(self._options.changed_field)),
        )

    async def _get(self, path: str, read: Callable[[Any], T], params: Mapping[str, str] | None = None) -> T:
        return await self._api.get(path, params={**(params or {}), **self._query}, read=read)

    async def _post(self, path: str, *, read: Callable[[Any], T], **body: Any) -> T:
        return await self._api.post(path, params=self._query or None, read=read, **body)

    def _refused(self, said: str, outcome: Outcome = Outcome.CONFIG) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _leads_in(body: Any) -> list[dict[str, Any]]:
    """One as `lead`, several as `leads`."""
    leads = [body["lead"]] if body.get("lead") else body.get("leads") or []
    return [{**one, "id": str(one["id"])} for one in leads]


def _note_in(body: Any) -> dict[str, Any]:
    told = body["data"] if isinstance(body.get("data"), dict) else body
    return {**told, "note": str(told["note"])}


def _once(note: str, entry: str) -> str:
    """The note with the first of these entries alone."""
    first, *others = re.finditer(re.escape(entry) + r"(?![\w.:-])", note)
    kept, at = note[: first.end()], first.end()
    for other in others:
        kept, at = kept + note[at : other.start()].rstrip("\n"), other.end()
    return kept + note[at:]


def _found(lead: Mapping[str, Any]) -> Found:
    return Found(person_id=str(lead["id"]), created_at=instant_of(lead.get("createdAt")))


def _emails(lead: Mapping[str, Any]) -> tuple[str, ...]:
    values = (str(lead.get(name) or "").strip().lower() for name in ("proEmail", "email", "persoEmail"))
    return tuple(dict.fromkeys(value for value in values if value))


def _is_of(lead: Mapping[str, Any], email: str) -> bool:
    """What is found is compared; a lead that shows no address was found by it."""
    return not _emails(lead) or email.strip().lower() in _emails(lead)


def _error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    return timed_out(PROVIDER, response)
