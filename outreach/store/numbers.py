"""Numbers from 0 on for what has an id, given once and for ever, so that columns count by place and not by text.

An id is known again by 64 bits of its BLAKE2b hash: among a million of them two are the same once in forty million
such lists. They are kept in the order of their numbers, in blocks, of which only the last ones change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

import numpy as np

from outreach.store.columns import Array

BLOCK = 65_536


class Numbers:
    """The numbers of one sort of ids. `blocks`: number of a block → its hashes."""

    def __init__(self, blocks: Mapping[int, bytes]) -> None:
        self._hashes = np.frombuffer(b"".join(blocks[number] for number in sorted(blocks)), dtype="<i8")
        self._order = np.argsort(self._hashes)
        self._sorted = self._hashes[self._order]
        self._known = len(self._hashes)
        self._new: dict[int, int] = {}

    def of(self, ids: Sequence[str]) -> Array:
        """The number of each; who has none gets the next."""
        digests = b"".join([blake2b(each.encode(), digest_size=8).digest() for each in ids])
        hashes = np.frombuffer(digests, dtype="<i8")
        found = np.full(len(hashes), -1, dtype="<i4")
        if self._known:
            places = np.minimum(np.searchsorted(self._sorted, hashes), self._known - 1)
            is_known = self._sorted[places] == hashes
            found[is_known] = self._order[places[is_known]]
        for place in np.flatnonzero(found < 0):
            found[place] = self._new.setdefault(int(hashes[place]), self._known + len(self._new))
        return found

    def changed(self) -> Iterator[tuple[int, bytes]]:
        """The blocks that have new numbers, whole."""
        if not self._new:
            return
        every = np.concatenate((self._hashes, np.fromiter(self._new, dtype="<i8", count=len(self._new))))
        for block in range(self._known // BLOCK, -(-len(every) // BLOCK)):
            yield block, every[block * BLOCK : (block + 1) * BLOCK].tobytes()
