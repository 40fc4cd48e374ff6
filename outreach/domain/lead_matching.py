"""Who is who: drafts of leads are placed with the leads that exist, by any address they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from outreach.domain.lead import Address, is_same_person


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a draft belongs. `added` are addresses new to that lead, `foreign` those that are another lead's."""

    lead_id: str
    is_new: bool
    added: tuple[Address, ...]
    foreign: tuple[Address, ...]


class People:
    """The leads that exist, with all their addresses, and those that drafts have made since."""

    def __init__(self, known: Mapping[str, Sequence[Address]], fresh_id: Callable[[], str]) -> None:
        self._addresses = {lead_id: list(addresses) for lead_id, addresses in known.items()}
        self._owners = {address: lead_id for lead_id, addresses in known.items() for address in addresses}
        self._fresh_id = fresh_id

    def place(self, addresses: Sequence[Address]) -> Placed:
        """The lead with these addresses, an existing one or a new one; it has those nobody else has from now on.

        The first address that names an existing person decides, so put those first that are most certain.
        """
        found = self._find(addresses)
        lead_id = found or self._fresh_id()
        own = self._addresses.setdefault(lead_id, [])
        foreign = tuple(address for address in addresses if self._owners.setdefault(address, lead_id) != lead_id)
        added = tuple(address for address in addresses if address not in own and address not in foreign)
        own.extend(added)
        return Placed(lead_id, found is None, added, foreign)

    def addresses_of(self, lead_id: str) -> Sequence[Address]:
        """Every address that lead has by now."""
        return self._addresses[lead_id]

    def _find(self, addresses: Sequence[Address]) -> str | None:
        owners = (self._owners.get(address) for address in addresses)
        return next((lead_id for lead_id in owners if lead_id and self._is(lead_id, addresses)), None)

    def _is(self, lead_id: str, addresses: Sequence[Address]) -> bool:
        return is_same_person(self._addresses[lead_id], addresses)
