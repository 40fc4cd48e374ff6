"""One Trello board: its lists, labels, custom fields and members, by the names that people see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from outreach.api_client import ApiClient, segment
from outreach.crms.trello_values import ID, KINDS, PROVIDER, CustomField, custom_field
from outreach.errors import Outcome, Refused


class Board:
    """Names → ids. Every look-up of a name that is not remembered reads the board again before it refuses."""

    def __init__(self, api: ApiClient, board: str) -> None:
        self._api = api
        self._asked = board
        self.id = board if ID.fullmatch(board) else ""
        self.name = ""
        self.lists: dict[str, str] = {}  # open ones, from left to right
        self.fields: dict[str, CustomField] = {}
        self._labels: dict[str, str] = {}
        self._members: dict[str, str] = {}  # user name in lower case → id
        self._doubled: frozenset[str] = frozenset()

    async def read(self) -> None:
        """The board itself, its lists and custom fields: what a mapping is proved against."""
        found = await self.get("", {"fields": "name,url"}, dict)
        self.id, self.name = str(found["id"]), str(found["name"])
        await self._read_lists()
        await self._read_fields()

    async def id_of(self) -> str:
        """The id of 24 hexadecimal digits; a short link is looked up once."""
        if not self.id:
            self.id = str((await self.get("", {"fields": "name,url"}, dict))["id"])
        return self.id

    async def title(self) -> str:
        if not self.name:
            await self.read()
        return self.name

    async def list_id(self, name: str) -> str:
        """The open list of that name."""
        if name not in self.lists:
            await self._read_lists()
        if name in self._doubled:
            self._refuse(f"two open lists are called '{name}'; give one of them another name")
        return self._of(self.lists, name, "list")

    async def list_name(self, list_id: str) -> str:
        """Empty for a list that is archived, or of another board."""
        if list_id not in self.lists.values():
            await self._read_lists()
        return next((name for name, known in self.lists.items() if known == list_id), "")

    async def first(self) -> str:
        if not self.lists:
            await self._read_lists()
        return next(iter(self.lists.values()), "") or self._refuse("the board has no open list")

    async def field(self, name: str) -> CustomField:
        if name not in self.fields:
            await self._read_fields()
        if name not in self.fields:
            self._refuse(f"the board has no custom field '{name}' for texts. There are: {', '.join(self.fields)}")
        return self.fields[name]

    async def label_id(self, name: str, *, color: str) -> str:
        """The label of that name, made if there is none."""
        if name not in self._labels:
            await self._read_labels()
        if name not in self._labels:
            params = {"name": name, "color": color, "idBoard": await self.id_of()}
            self._labels[name] = await self._api.post("/labels", params=params, read=lambda made: str(made["id"]))
        return self._labels[name]

    async def label_names(self, ids: Collection[str]) -> tuple[str, ...]:
        if not set(ids) <= set(self._labels.values()):
            await self._read_labels()
        return tuple(name for name, known in self._labels.items() if known in ids and name)

    async def usernames(self, *, again: bool = True) -> Mapping[str, str]:
        """User names of the board in lower case, with their ids; as remembered, unless they are to be read again."""
        if self._members and not again:
            return self._members
        members = await self.get("/members", None, list)
        self._members = {str(one["username"]).lower(): str(one["id"]) for one in members}
        return self._members

    async def member_id(self, username: str) -> str:
        if username.lower() not in self._members:
            await self.usernames()
        return self._of(self._members, username.lower(), "member")

    async def prove_pipeline(self, pipeline: str) -> None:
        """The board is the one pipeline; it is meant by its name, its id, or as in `board`."""
        if pipeline in (self._asked, await self.id_of()):
            return
        if pipeline != await self.title():
            self._refuse(f"the pipeline is the board '{self.name}', not '{pipeline}'")

    async def _read_lists(self) -> None:
        lists = await self.get("/lists", {"filter": "open", "fields": "id,name,pos"}, list)
        lists.sort(key=lambda one: float(one.get("pos") or 0))
        self.lists = {str(one["name"]): str(one["id"]) for one in reversed(lists)}
        self.lists = dict(reversed(self.lists.items()))
        self._doubled = _twice(str(one["name"]) for one in lists)

    async def _read_fields(self) -> None:
        definitions = [custom_field(one) for one in await self.get("/customFields", None, list)]
        self.fields = {one.name: one for one in definitions if one.kind in KINDS}

    async def _read_labels(self) -> None:
        labels = await self.get("/labels", {"limit": "1000"}, list)
        self._labels = {str(one.get("name") or ""): str(one["id"]) for one in reversed(labels)}

    async def get(self, path: str, params: Mapping[str, str] | None, read: Any) -> Any:
        """Something of the board. That the board is gone says nothing about a person."""
        try:
            return await self._api.get(f"/boards/{segment(self.id or self._asked)}{path}", params=params, read=read)
        except Refused as error:
            if error.outcome is Outcome.NOT_FOUND:
                self._refuse(f"the board '{self._asked}' is not there, or not open to this token ({error.said})")
            raise

    def _of(self, known: Mapping[str, str], name: str, what: str) -> str:
        if name not in known:
            self._refuse(f"the board has no {what} '{name}'. There are: {', '.join(known)}")
        return known[name]

    def _refuse(self, said: str) -> NoReturn:
        raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)


def _twice(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name, times in Counter(names).items() if times > 1)
