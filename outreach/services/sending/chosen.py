"""Revisions as they are carried out: a step whose variants were tried to the end gives everybody the one that won.

A decision is read in the transaction that plans, so a touch that is planned after it has the winner; touches that are
planned already keep the variant they have. Revisions without a trial, which are most, cost nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import ReferenceType, ref

from sqlalchemy import Connection, Transaction

from outreach.content.revision import Revision
from outreach.content.trials import StepTrial, trials_of, with_winners
from outreach.store import trials as store_trials


@dataclass(slots=True)
class Chosen:
    """What was decided, read once for each revision in each transaction."""

    _trials: dict[str, tuple[StepTrial, ...]] = field(default_factory=dict)
    _seen: tuple[ReferenceType[Transaction] | None, dict[str, Revision]] = (None, {})

    def trials(self, revision_id: str, revision: Revision) -> tuple[StepTrial, ...]:
        """Those of a revision, which never change."""
        if revision_id not in self._trials:
            self._trials[revision_id] = trials_of(revision)
        return self._trials[revision_id]

    def of(self, connection: Connection, revision_id: str, revision: Revision) -> Revision:
        """The revision with the winners of its steps."""
        trials = self.trials(revision_id, revision)
        if not trials:
            return revision
        seen = self._of_this_transaction(connection)
        if revision_id not in seen:
            won = store_trials.winners(connection, revision.sequence.name)
            seen[revision_id] = with_winners(revision, trials, won)
        return seen[revision_id]

    def _of_this_transaction(self, connection: Connection) -> dict[str, Revision]:
        """Of another thread's transaction in between nothing is kept; that costs a query and no more."""
        transaction = connection.get_transaction()
        began, seen = self._seen
        if transaction is None or began is None or began() is not transaction:
            seen = {}
            self._seen = (ref(transaction) if transaction else None, seen)
        return seen
