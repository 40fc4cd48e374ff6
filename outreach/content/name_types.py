"""The type of every name an expression may use: those everybody has, and a team's own fields as they were declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outreach.content.names import COMPANY, ENROLLMENT, LEAD, SENDER
from outreach.content.own_fields import BROUGHT, FieldType, type_of
from outreach.content.value_types import DATE, GROUP, NUMBER, TEXT, UNKNOWN, WRITTEN, WRITTEN_ONES, Sort, ValueType

Path = tuple[str | int, ...]

_MEMBERS: Mapping[str, Mapping[str, ValueType]] = {
    "lead": {
        **dict.fromkeys(LEAD, TEXT),
        **dict.fromkeys(("phone", "whatsapp", "telegram", "x"), WRITTEN),  # may be digits alone
        "score": NUMBER,
        "tags": WRITTEN_ONES,
        "fields": GROUP,
        "created_at": DATE,
    },
    "company": {**dict.fromkeys(COMPANY, TEXT), "fields": GROUP},
    "sender": dict.fromkeys(SENDER, TEXT),
    "enrollment": {**dict.fromkeys(ENROLLMENT, TEXT), "entered_at": DATE},
}
_OWN_SORTS = {
    FieldType.TEXT: Sort.TEXT,
    FieldType.NUMBER: Sort.NUMBER,
    FieldType.DATE: Sort.DATE,
    FieldType.YES_NO: Sort.YES_NO,
}


@dataclass(frozen=True, slots=True)
class NameTypes:
    """`declared` are a team's own fields (`size` of the lead, `company.size`), `locals` the items of loops."""

    declared: Mapping[str, FieldType] = field(default_factory=dict)
    locals: Mapping[str, ValueType] = field(default_factory=dict)

    def of(self, path: Path) -> ValueType | None:
        """The type of a dotted name that was found to be known; None: nothing can stand behind its last dot."""
        root, rest = str(path[0]), path[1:]
        if root in self.locals:
            return _inside(self.locals[root], rest)
        if root == "now":
            return _inside(DATE, rest)
        if not rest:
            return GROUP
        if root == "events":
            return _inside(NUMBER, rest[1:])
        return self._member(root, rest)

    def _member(self, root: str, rest: Path) -> ValueType | None:
        if rest[0] == "fields" and len(rest) > 1:
            return _inside(self._own(root, str(rest[1])), rest[2:])
        known = _MEMBERS.get(root, {}).get(str(rest[0]))
        return _inside(known or self._own(root, str(rest[0])), rest[1:])

    def _own(self, root: str, name: str) -> ValueType:
        """Fields that nobody declared may hold anything."""
        dotted = name if root == "lead" else f"{root}.{name}"
        if dotted not in self.declared and dotted not in BROUGHT:
            return UNKNOWN
        return ValueType(sort=_OWN_SORTS[type_of(dotted, self.declared)], is_own=True)


def _inside(found: ValueType, rest: Path) -> ValueType | None:
    """What stands behind further dots and in brackets: items of lists, and anything of what is not known."""
    for key in rest:
        if found.sort is Sort.LIST and isinstance(key, int):
            found = found.item or UNKNOWN
        elif found.sort not in (Sort.UNKNOWN, Sort.GROUP):
            return None
        else:
            found = UNKNOWN
    return found
