"""Fields of an object, in systems that describe theirs: which there are, what each takes, and a person's values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from outreach.crm import Person
from outreach.crms.merging import Wishes, filling
from outreach.errors import Outcome, Refused

_NUMBERS = {"int": int, "integer": int, "bigint": int, "double": float, "currency": float, "percent": float}
_SWITCHES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of an object. `choices`: the values a picklist takes."""

    name: str
    type: str
    choices: tuple[str, ...] = ()
    is_writable: bool = True


def encoded(provider: str, info: FieldInfo, text: str) -> Any:
    """A number or a boolean where the field is one, else the text. Raises Refused for what is no such value."""
    try:
        if info.type in _NUMBERS:
            return _NUMBERS[info.type](text.replace(",", "."))
        return _SWITCHES[text.lower()] if info.type == "boolean" else text
    except (ValueError, KeyError):
        said = f"'{text[:80]}' is no value of the field {info.name}, which is of type {info.type}"
        raise Refused(provider, said, outcome=Outcome.VALIDATION) from None


class Fields:
    """Remembered by object; an unknown name is looked up again before it is refused."""

    def __init__(
        self,
        provider: str,
        *,
        read: Callable[[str], Awaitable[Iterable[FieldInfo]]],
        encode: Callable[[FieldInfo, str], Any],
    ) -> None:
        self._provider, self._read, self._encode = provider, read, encode
        self._known: dict[str, dict[str, FieldInfo]] = {}

    async def of(self, kind: str) -> dict[str, FieldInfo]:
        if kind not in self._known:
            self._known[kind] = {one.name: one for one in await self._read(kind)}
        return self._known[kind]

    async def named(self, kind: str, name: str) -> FieldInfo:
        if name not in await self.of(kind):
            del self._known[kind]
        known = await self.of(kind)
        if name not in known:
            said = f"{kind}: no field '{name}' that we may see. There are: {', '.join(sorted(known))}"
            raise Refused(self._provider, said, outcome=Outcome.CONFIG)
        return known[name]

    async def choice(self, kind: str, name: str, value: str) -> str:
        """The value, if the field takes it."""
        info = await self.named(kind, name)
        if info.choices and value not in info.choices:
            said = f"'{value}' is no choice of {info.name}. There are: {', '.join(info.choices)}"
            raise Refused(self._provider, said, outcome=Outcome.VALIDATION)
        return value

    async def wishes(self, kind: str, person: Person, own: Mapping[str, str]) -> Wishes:
        """A mapped field goes before our own idea of it."""
        wishes = filling(own)
        for item in person.fields:
            if item.value:
                info = await self.named(kind, item.name)
                wishes[item.name] = (self._encode(info, item.value), item.mode)
        return wishes
