"""What the engine's services share: built once by `app.py`, handed to each function by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, select

from outreach.clock import Clock
from outreach.content.revision import Revision, thaw
from outreach.content.trials import StepTrial
from outreach.domain.cleanup import Cleanup
from outreach.domain.crm_mapping import CrmMapping
from outreach.domain.guards import NO_GUARDS, Guards
from outreach.domain.notice import NOBODY, Notify
from outreach.domain.pipeline import Pipeline
from outreach.domain.recipients import NO_CAPS, RecipientCaps
from outreach.domain.reply import ReplyClassifier
from outreach.domain.scoring import Scoring
from outreach.domain.sender import Sender
from outreach.domain.sequence import Tracking
from outreach.services.sending.attached import Files
from outreach.services.sending.chosen import Chosen
from outreach.services.sending.tracked import Tracked
from outreach.store.journal import Journal
from outreach.store.session import Store
from outreach.store.tables import revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How the engine behaves where a team may choose."""

    max_late: timedelta = timedelta(days=2)
    resend_unknown_once: bool = False
    lease: timedelta = timedelta(seconds=90)
    pick_up: timedelta = timedelta(seconds=60)  # how long a claim may wait for a worker
    batch: int = 500
    most_in_flight: int = 4_000
    most_attempts: int = 8
    circuit: timedelta = timedelta(minutes=2)
    snooze: timedelta = timedelta(days=7)  # out of office without a date
    not_now: timedelta = timedelta(days=90)  # a reply that says later, without a date
    new_leads_from_replies: bool = False  # whom a referral names with an address becomes a lead
    recipients: RecipientCaps = NO_CAPS  # how often one person, company and domain is written to
    guards: Guards = NO_GUARDS
    organisation: str = ""
    postal_address: str = ""
    public_url: str = ""
    tracking: Tracking = field(default_factory=Tracking)  # where a sequence does not say it


@dataclass(slots=True)
class Revisions:
    """Thawed revisions by id. A revision never changes, so it is read once; which variants have won is read anew."""

    _known: dict[str, Revision] = field(default_factory=dict)
    _asking: dict[str, bool] = field(default_factory=dict)
    _chosen: Chosen = field(default_factory=Chosen)

    def get(self, connection: Connection, revision_id: str) -> Revision:
        """The revision as it is carried out; raises LookupError if the database has none of that id."""
        return self._chosen.of(connection, revision_id, self._applied(connection, revision_id))

    def trials(self, connection: Connection, revision_id: str) -> tuple[StepTrial, ...]:
        """The trials of its steps. Raises LookupError likewise."""
        return self._chosen.trials(revision_id, self._applied(connection, revision_id))

    def _applied(self, connection: Connection, revision_id: str) -> Revision:
        if revision_id not in self._known:
            content = connection.execute(select(revisions.c.content).where(revisions.c.id == revision_id)).scalar()
            if content is None:
                raise LookupError(f"revision {revision_id} is not in the database")
            self._known[revision_id] = thaw(content)
        return self._known[revision_id]

    def asks_for_events(self, connection: Connection, revision_id: str) -> bool:
        """Does a text of the revision look at what happened? Most do not, and counting events costs a query."""
        if revision_id not in self._asking:
            texts = self.get(connection, revision_id).templates.values()
            self._asking[revision_id] = any("events" in text for text in texts)
        return self._asking[revision_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The running system without its network: database, clock, senders, pipelines and what was agreed."""

    store: Store
    clock: Clock
    senders: Mapping[str, Sender]
    pipelines: Mapping[str, Pipeline]
    policy: Policy
    opt_out_token: Callable[[str], str]  # touch id → token of the opt-out page
    journal: Journal | None = None
    crms: Mapping[str, CrmMapping] = field(default_factory=dict)
    revisions: Revisions = field(default_factory=Revisions)
    files: Files | None = None  # contents of attached files; None: only what this database holds
    tracked: Tracked | None = None  # makes links and images that tell of opens and clicks; None: nothing is counted
    cleanup: Cleanup = field(default_factory=Cleanup)
    scoring: Scoring | None = None  # config/scoring.yaml; None: there is none
    classifier: ReplyClassifier | None = None  # the team's own, asked before the rules
    notify: Notify = NOBODY  # whom the team wants to be told of what

    def sender(self, name: str) -> Sender:
        """The sender of that name; one that is not configured any more has no channel and no limits."""
        return self.senders.get(name) or Sender(name=name)
