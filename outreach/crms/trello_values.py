"""Trello's values: titles, descriptions, comments, custom fields and errors, to and from our words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import quote

import httpx

from outreach.api_client import retry_after
from outreach.crm import Activity, Found, Person
from outreach.crms.entries import heading_of
from outreach.crms.in_doubt import timed_out
from outreach.crms.instants import instant_of
from outreach.errors import AdapterError, Outcome, RateLimited, Refused

PROVIDER = "trello"
ID = re.compile(r"[0-9a-f]{24}")
COLORS = ("yellow", "purple", "blue", "red", "green", "orange", "black", "sky", "pink", "lime")
KINDS = frozenset({"text", "number", "date", "list"})  # of custom fields; a checkbox has no text to be mapped
_BURST = timedelta(seconds=10)  # the window of the limits per key and per token
_LONGEST_IN_URL = 6_000  # bytes of a text, percent-encoded: parameters travel in the URL, which is finite
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ADDRESS = re.compile(r"[^\s<>()\[\]{}:;,\"*|]+@[^\s<>()\[\]{}:;,\"*|]+")
_AROUND = re.compile(r"e-?mail|mailto|[\W_]+", re.IGNORECASE)
_COMPANY = re.compile(r"^\W*company\W+(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field of the board. `options`: what a field of the type `list` may hold, text → id."""

    id: str
    name: str
    kind: str
    options: Mapping[str, str] = field(default_factory=dict)

    def text_of(self, item: Mapping[str, Any]) -> str:
        """The value of this field on a card, as text."""
        if item.get("idValue"):
            return next((text for text, option in self.options.items() if option == item["idValue"]), "")
        value = item.get("value")
        return str(value.get(self.kind) or "") if isinstance(value, dict) else ""

    def held(self, value: str) -> str:
        """The value as a card holds it. Raises Refused for what is no number or no day."""
        if self.kind == "number":
            number = value.strip().replace(",", ".")
            return number if _NUMBER.fullmatch(number) else self._refuse(value, "a number")
        if self.kind == "date":
            at = instant_of(value.strip())
            return at.strftime("%Y-%m-%dT%H:%M:%S.000Z") if at else self._refuse(value, "a day, such as 2026-11-21")
        return value

    def _refuse(self, value: str, wanted: str) -> NoReturn:
        said = f"'{value[:80]}' is no value of the field '{self.name}', which takes {wanted}"
        raise Refused(PROVIDER, said, outcome=Outcome.VALIDATION)

    def body_of(self, value: str) -> dict[str, Any]:
        """What is written. Raises Refused for a value that a list does not offer.

        Numbers are texts, as Atlassian's page on custom fields has them; its API description says number.
        """
        if self.kind != "list":
            return {"value": {self.kind: value}}
        if value not in self.options:
            said = f"'{value}' is no option of the field '{self.name}'. Options: {', '.join(self.options)}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return {"idValue": self.options[value]}


def custom_field(body: Mapping[str, Any]) -> CustomField:
    """A definition. Name and options stand at the top of an answer; in the API description under `display`."""
    display = body.get("display") if isinstance(body.get("display"), dict) else {}
    options = body.get("options") or (display or {}).get("options") or []
    texts = {str(option["value"]["text"]): str(option["id"]) for option in options}
    name = body.get("name") or (display or {}).get("name")
    return CustomField(str(body["id"]), str(name or ""), str(body["type"]), texts)


def title_of(person: Person) -> str:
    """The card's title, with the address: it is how a card is recognised before the search index knows it."""
    name = f"{person.first_name} {person.last_name}".strip()
    if not person.email:
        return name or person.company or f"Lead {person.key}"
    return f"{name} ({person.email})" if name else person.email


def description_of(person: Person) -> str:
    lines = (("Email", person.email), ("Company", person.company))
    told = "\n".join(f"{name}: {_one_line(value)}" for name, value in lines if value)
    return f"{told}\n\noutreach: {person.key}".strip() if person.key else told


def holds(card: Mapping[str, Any], email: str) -> bool:
    """Is this the card of that address? It stands in the title, or alone on a line of the description."""
    wanted = email.strip().lower()
    return bool(wanted) and wanted in addresses_on(card)


def addresses_on(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Addresses, in lower case, that tell whose card it is: not those in the middle of somebody's notes."""
    found = [*_addresses(str(card.get("name") or ""))]
    for line in str(card.get("desc") or "").splitlines():
        there = list(_addresses(line))
        rest = line
        for address in there:
            rest = rest.replace(address, " ")
        if there and not _AROUND.sub("", rest):
            found += there
    return tuple(dict.fromkeys(address.lower() for address in found))


def _addresses(text: str) -> Iterator[str]:
    for found in _ADDRESS.finditer(text):
        yield found[0].rstrip(".!?")


def name_on(card: Mapping[str, Any]) -> str:
    """The title without addresses: what people call the person."""
    title = str(card.get("name") or "")
    for address in _addresses(title):
        title = title.replace(address, " ")
    return " ".join(re.sub(r"[(<\[]\s*[)>\]]", " ", title).split()).strip(" -–·,|")


def company_on(card: Mapping[str, Any]) -> str:
    found = _COMPANY.search(str(card.get("desc") or ""))
    return found[1] if found else ""


def comment_of(activity: Activity) -> str:
    """Markdown with the marker at its end. `@` notifies nobody; what is too long for a URL is cut."""
    heading = heading_of(activity)
    head = f"**{_one_line(heading)}**\n\n" if heading else ""
    end = f"\n\n{activity.marker}"
    body = re.sub(r"(?<![^\s(])@(?=\w)", "@\u200b", head + activity.text)
    return _cut(body, _LONGEST_IN_URL - len(quote(end))).strip() + end


def _cut(text: str, most: int) -> str:
    """The beginning of the text whose percent-encoded form fits."""
    if len(quote(text)) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(quote(text[:middle])) <= most - 9 else (low, middle - 1)
    return f"{text[:low]} …"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def found(card: Mapping[str, Any]) -> Found:
    return Found(person_id=str(card["id"]), url=str(card.get("url") or ""), created_at=created_at(str(card["id"])))


def created_at(record_id: str) -> datetime | None:
    """An id begins with the second it was made in, in eight hexadecimal digits."""
    try:
        return datetime.fromtimestamp(int(record_id[:8], 16), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def cards_in(body: Any) -> list[dict[str, Any]]:
    """The cards of a search: the service answers an object with `cards`, its description says a list."""
    cards = body["cards"] if isinstance(body, dict) else body
    return [card(one) for one in cards]


def card(body: Any) -> dict[str, Any]:
    """A card as the service gives it; raises what ApiClient takes for an unexpected body."""
    return {**body, "id": str(body["id"])}


def error_of(response: httpx.Response, body: Any) -> AdapterError | None:
    """What the table of ApiClient does not know: how long a limit lasts, and what a 408 leaves open."""
    request = response.request
    what = f"{request.method} {request.url.path}: {response.status_code}"
    if response.status_code == 429:
        code = str(body.get("error") or "429") if isinstance(body, dict) else "429"
        said = str(body.get("message") or "") if isinstance(body, dict) else ""
        return RateLimited(
            PROVIDER, f"{what} {code} {said}".strip(), retry_after=retry_after(response, _BURST), code=code
        )
    return timed_out(PROVIDER, response)
