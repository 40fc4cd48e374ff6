"""One task at a time for each address, in systems where looking and making are two calls.

Two tasks that look at the same moment would both find nobody, and both make a record.
"""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class AddressLocks:
    """Locks of one connection in one process; across processes the work list keeps each lead to one worker.

    A lock lives as long as somebody holds it or waits for it.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, address: str) -> asyncio.Lock:
        """The lock of an address, whatever its case. Without an address there is nothing to find: a lock of its own."""
        key = address.strip().lower()
        if not key:
            return asyncio.Lock()
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
