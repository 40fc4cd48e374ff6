"""Data classes of which a message needs a dozen: frozen for whoever checks types, quick to make when they run.

A frozen data class sets each field through `object.__setattr__`; with some hundred fields a message, that was a
fourteenth of all its time. The type checker sees an ordinary frozen data class and refuses what would change one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(*, frozen: bool, slots: bool, kw_only: bool = False) -> Any:
        """`dataclass` with the same options and the same hash; `frozen` is the type checker's to keep."""
        return dataclass(slots=slots, kw_only=kw_only, unsafe_hash=frozen)


__all__ = ["record"]
