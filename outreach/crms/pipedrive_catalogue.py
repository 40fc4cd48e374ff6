"""What a Pipedrive company has: fields of persons, stages and users. Remembered; an unknown name is looked up again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from outreach.crms.pipedrive_records import Records
from outreach.crms.pipedrive_values import CLOSED, PROVIDER, FieldInfo
from outreach.errors import Outcome, Refused

_LABELS = ("label_ids", "label")  # the field whose options are the labels of persons


class Catalogue:
    """Of one company, shared by tasks."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._fields: tuple[FieldInfo, ...] = ()
        self.stages: dict[str, str] = {}  # stage → pipeline
        self.names: dict[str, str] = {}  # stage → what people call it
        self.users: dict[str, int] = {}  # e-mail address → id

    async def fields(self) -> tuple[FieldInfo, ...]:
        if not self._fields:
            self._fields = tuple(_field(one) for one in await self._records.listed("/personFields", {}))
        return self._fields

    async def field(self, name: str) -> FieldInfo:
        """A custom field by its key, or by what people call it if that says one."""
        named = await self._named(name)
        if not named:
            self._fields = ()
            named = await self._named(name)
        if len(named) == 1:
            return named[0]
        known = ", ".join(one.name for one in await self.fields() if one.is_custom)
        said = f"several fields are called '{name}'" if named else f"persons have no custom field '{name}'"
        raise _config(f"{said}. There are: {known}")

    async def _named(self, name: str) -> list[FieldInfo]:
        custom = [one for one in await self.fields() if one.is_custom]
        return [one for one in custom if one.code == name] or [one for one in custom if one.name == name]

    async def labels(self) -> Mapping[str, int]:
        """Name → id of the labels persons can carry."""
        return next((one.options for one in await self.fields() if one.code in _LABELS), {})

    async def label_ids(self, names: Iterable[str]) -> list[int]:
        wanted = list(names)
        if not set(wanted) <= set(await self.labels()):
            self._fields = ()
        known = await self.labels()
        for name in wanted:
            if name not in known:
                raise _config(f"there is no label '{name}'. Labels of persons: {', '.join(known)}")
        return [known[name] for name in wanted]

    async def read_stages(self) -> None:
        found = [one for one in await self._records.listed("/stages", {}) if not one.get("is_deleted")]
        self.stages = {str(one["id"]): str(one["pipeline_id"]) for one in found}
        self.names = {str(one["id"]): str(one["name"]) for one in found if one.get("name")}

    async def pipeline_of(self, stage: str) -> str:
        """The pipeline of a stage id."""
        if stage not in self.stages:
            await self.read_stages()
        if stage not in self.stages:
            known = ", ".join([*self.stages, *CLOSED])
            raise _config(f"unknown deal stage '{stage}'. Stage ids of this company: {known}")
        return self.stages[stage]

    async def read_users(self) -> None:
        users = await self._records.users()
        self.users = {str(one["email"]).lower(): int(one["id"]) for one in users if one.get("active_flag", True)}

    async def user_id(self, email: str) -> int:
        if email.lower() not in self.users:
            await self.read_users()
        if email.lower() not in self.users:
            raise _config(f"no active user of this company has the address {email}")
        return self.users[email.lower()]

    async def user_email(self, user_id: object) -> str:
        """Empty for somebody who is no active user."""
        if user_id and user_id not in self.users.values():
            await self.read_users()
        return next((email for email, one in self.users.items() if one == user_id), "")


def _field(body: Mapping[str, Any]) -> FieldInfo:
    options = {str(one["label"]): int(one["id"]) for one in body.get("options") or [] if _is_number(one.get("id"))}
    return FieldInfo(
        code=str(body["field_code"]),
        name=str(body["field_name"]),
        type=str(body["field_type"]),
        is_custom=bool(body.get("is_custom_field", len(str(body["field_code"])) == 40)),
        options=options,
    )


def _is_number(value: object) -> bool:
    """Standard fields have options with words for ids; nothing is written to those."""
    return str(value).isdigit()


def _config(said: str) -> Refused:
    return Refused(PROVIDER, said, outcome=Outcome.CONFIG)
