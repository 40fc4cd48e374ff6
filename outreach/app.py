"""Builds everything once: settings, database, engine, adapters. The three roles and the command line begin here."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

import httpx
import structlog
from sqlalchemy import select

from outreach import adapters, settings
from outreach.accounts import account_of, crm_options, imap_options, policy_of
from outreach.adapters import Place
from outreach.channel import Channel
from outreach.clock import Clock, SystemClock, fresh_secret
from outreach.content.configuration import ImapSettings, SenderSettings, Settings
from outreach.content.workspace import Workspace, load
from outreach.domain import opt_out_token
from outreach.doorbell import DELIVERIES, Doorbell
from outreach.errors import ConfigError, Problem, StoreError
from outreach.fetching import Fetcher
from outreach.grants import Grant
from outreach.name_servers import NameServers, Resolver
from outreach.oauth import Tokens, TokenSource
from outreach.poller import Poller
from outreach.pollers.sent_copies import SentCopies
from outreach.receiver import Receiver
from outreach.services.crm import sync
from outreach.services.crm.crm_budget import DOCUMENTED, Budget, Meter
from outreach.services.crm.crm_check import CheckRow, crm_refusals, refusals
from outreach.services.crm.crm_dry_run import hold_writes
from outreach.services.hearing import poll
from outreach.services.hearing.classify import load_classifier
from outreach.services.hearing.read_back import due_readings, read_back, see_to_rounds
from outreach.services.hearing.receive import Intake
from outreach.services.sending.attached import Files, in_workspace
from outreach.services.sending.claim import enter_senders
from outreach.services.sending.engine import Engine, Policy
from outreach.services.sending.tracked import Tracked
from outreach.services.sequences import revise
from outreach.services.sequences.actions_in_use import ActionsInUse
from outreach.services.watching import dns_guard
from outreach.services.watching.dkim_keys import signer_of
from outreach.services.watching.mail_accounts import grant_of
from outreach.store import crm_jobs, migrate
from outreach.store.journal import Journal
from outreach.store.session import Store, open_store
from outreach.store.tables import facts
from outreach.store.vault import StoredVault

log = structlog.get_logger()

_TIMEOUT = httpx.Timeout(30, connect=5)
_SECRET = "secret_key"  # noqa: S105  # the name of a row, not a secret


class App:
    """The running system. Parts are made when they are first asked for; `close` lets go of all."""

    def __init__(self, configured: Settings, *, clock: Clock | None = None, policy: Policy | None = None) -> None:
        self.settings = configured
        self.clock = clock or SystemClock()
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{self.clock.fresh_id()[-6:]}"
        self._policy = policy or policy_of(configured)
        self._channels: dict[tuple[str, str], Channel | None] = {}
        self._intake: Intake | None = None
        self._http: httpx.AsyncClient | None = None
        self._clients: list[httpx.AsyncClient] = []  # one for each CRM connection, whose calls are counted
        self._tokens: Tokens | None = None
        self._copies: dict[str, SentCopies] = {}

    @cached_property
    def workspace(self) -> Workspace:
        """The files people write: sequences, templates, pipelines. Raises ConfigError with everything wrong in them."""
        can, crm_can = adapters.actions_of, adapters.crm_abilities
        return load(self.settings.root, os.environ, can=can, crm_can=crm_can)

    @cached_property
    def store(self) -> Store:
        """The database, at the newest revision. Raises StoreError naming the command that mends it."""
        store = open_store(self.settings.database_url)
        migrate.prepare(store.engine)
        return store

    @cached_property
    def journal(self) -> Journal:
        """What this workspace has sent, beside the database."""
        return Journal(self.settings.root / "journal")

    @cached_property
    def engine(self) -> Engine:
        secret = self._secret
        engine = Engine(
            store=self.store,
            clock=self.clock,
            senders={name: each.sender() for name, each in self.settings.senders.items()},
            pipelines=self.workspace.pipelines,
            policy=self._policy,
            opt_out_token=lambda touch_id: opt_out_token.sign(touch_id, secret),
            journal=self.journal,
            crms={name: each.mapping() for name, each in self.settings.crm.items()},
            cleanup=self.workspace.cleanup,
            scoring=self.workspace.scoring,
            classifier=load_classifier(self.settings.replies.classifier),
            files=Files(self.store, in_workspace(lambda: self.workspace)),
            tracked=Tracked(secret, self._policy.public_url),
            notify=self.settings.notify.notify,
        )
        enter_senders(engine)
        return engine

    @property
    def actions(self) -> tuple[str, ...]:
        """What applied sequences do: the queues that the scheduler looks at."""
        return self._in_use.names()

    @cached_property
    def _in_use(self) -> ActionsInUse:
        return ActionsInUse(self.store)

    def touch_of_token(self, token: str) -> str | None:
        """The touch an opt-out token was made for; None for one that we did not make."""
        return opt_out_token.touch_of(token, self._secret)

    @cached_property
    def _secret(self) -> bytes:
        """From the settings, else made once and kept in the database, so that every machine has the same."""
        if self.settings.secret_key:
            return self.settings.secret_key.encode()
        with self.store.begin() as connection:
            known = connection.execute(select(facts.c.value).where(facts.c.name == _SECRET)).scalar()
            if known is None:
                known = fresh_secret()
                connection.execute(facts.insert().values(name=_SECRET, value=known))
        return str(known).encode()

    @cached_property
    def doorbell(self) -> Doorbell:
        return Doorbell(self.settings.broker_url)

    @cached_property
    def receivers(self) -> Mapping[str, Receiver]:
        """One for each connection in config/outreach.yaml."""
        own = tuple(each.email.address for each in self.settings.senders.values() if each.email)
        made = {}
        for name, each in self.settings.webhooks.items():
            place = Place("config/outreach.yaml", f"webhooks.{name}")
            given = {"own": own, "fetch": self.fetch, "clock": self.clock}
            made[name] = adapters.make(adapters.RECEIVERS, each.use, each.options, place=place, given=given)
        for name in self.mailboxes:
            place = Place("config/senders.yaml", f"{name}.email.imap")
            polled = adapters.make(adapters.POLLED, "mailbox", {}, place=place, given={"own": own})
            made[poll.connection_of(name)] = polled
        return made

    @property
    def mailboxes(self) -> Mapping[str, ImapSettings]:
        """Sender → the mailbox of that sender that is read by us."""
        senders = self.settings.senders.items()
        return {name: each.email.imap for name, each in senders if each.email and each.email.imap}

    def poller_of(self, sender: str) -> Poller:
        """A new reader of a sender's mailbox, for one thread. It connects when it is first used."""
        server = self.mailboxes[sender]
        place = Place("config/senders.yaml", f"{sender}.email.imap")
        token = self._token_for_threads(grant_of(server.oauth)) if server.oauth else None
        given = {"clock": self.clock, "token": token}
        made: Poller = adapters.make(adapters.POLLERS, "imap", imap_options(server), place=place, given=given)
        return made

    def _token_for_threads(self, grant: Grant) -> Callable[[str], str]:
        """Access tokens for who is not on the network's loop; the vault keeps processes and threads from racing."""

        async def ask(refused: str) -> str:
            async with _client() as http:
                source = Tokens(http, vault=lambda: self.vault, clock=self.clock).source(grant)
                return (await source.token(refused=refused)).access_token

        return lambda refused: asyncio.run(ask(refused))

    @cached_property
    def fetch(self) -> Fetcher:
        """The way out of receivers whose provider only names what it tells."""
        return Fetcher(self.clock)

    @property
    def intake(self) -> Intake:
        """The door for deliveries."""
        if self._intake is None:
            self._intake = Intake(self.engine, self.receivers, nudge=self._ring)
        return self._intake

    def _ring(self, delivery_id: str) -> None:
        self.doorbell.ring(DELIVERIES, [delivery_id])

    def channel_of(self, sender: str, channel: str) -> Channel | None:
        """The connected account of a sender; None when a person has to do it."""
        key = (sender, channel)
        if key not in self._channels:
            self._channels[key] = self._connect(sender, channel)
        return self._channels[key]

    def _connect(self, sender: str, channel: str) -> Channel | None:
        each = self.settings.senders.get(sender)
        found = account_of(each, channel) if each else None
        if found is None:
            return None
        use, options = found
        place = Place("config/senders.yaml", f"{sender}.{channel}")
        given = {**self.given, **self._given_for_mail(sender, each)} if each and channel == "email" else self.given
        made: Channel = adapters.make(adapters.CHANNELS, use, options, place=place, given=given)
        return made

    def _given_for_mail(self, name: str, each: SenderSettings) -> dict[str, Any]:
        """What a mailbox has switched on: signing in by OAuth, signatures, copies in the Sent folder."""
        given: dict[str, Any] = {}
        if each.email and each.email.smtp and each.email.smtp.oauth:
            source = self.tokens.source(grant_of(each.email.smtp.oauth))
            given["access"] = partial(_access, source)
        if each.email and each.email.dkim:
            given["sign"] = signer_of(self.settings.root, name, each.email)
        if each.email and each.email.imap and each.email.imap.keep_sent:
            folder = self.settings.root / "sent-copies" / name
            self._copies[name] = SentCopies(lambda: self.poller_of(name), self.clock, folder)
            given["keep_copy"] = self._copies[name].put
        return given

    def dedupes(self, sender: str, channel: str) -> bool:
        """Does the provider of this account accept the same key only once?"""
        connected = self.channel_of(sender, channel)
        return connected is not None and connected.can.dedupes_by_key

    def keys_last(self, sender: str, channel: str) -> timedelta | None:
        """For how long the provider of this account accepts the same key only once; None: it does not say."""
        connected = self.channel_of(sender, channel)
        return connected.can.keys_last if connected is not None else None

    @property
    def http(self) -> httpx.AsyncClient:
        """One client for every provider: redirects off, connect 5 s, read 30 s."""
        if self._http is None:
            self._http = _client()
        return self._http

    @property
    def tokens(self) -> Tokens:
        """Access tokens of OAuth for every adapter, renewed once for all of them."""
        if self._tokens is None:
            self._tokens = Tokens(self.http, vault=lambda: self.vault, clock=self.clock)
        return self._tokens

    @cached_property
    def resolver(self) -> Resolver:
        """Whom to ask about records of domains."""
        return NameServers()

    def guard_senders(self) -> list[str]:
        """Look at the DNS of senders whose turn it is; those paused for it. Before anything of theirs is claimed."""
        return dns_guard.guard(self.engine, self.settings, self.resolver)

    @cached_property
    def vault(self) -> StoredVault:
        """Secrets that change, encrypted in the database."""
        return StoredVault(self.store, secret_key=self._secret, clock=self.clock, owner=self.owner)

    @property
    def given(self) -> dict[str, Any]:
        """What an adapter's constructor may ask for by name."""
        return {"http": self.http, "clock": self.clock, "tokens": self.tokens}

    @cached_property
    def crms(self) -> Mapping[str, sync.Connected]:
        """One for each connection in config/crm.yaml."""
        made = {}
        for name, each in self.settings.crm.items():
            place = Place("config/crm.yaml", name)
            options = crm_options(each, self.settings)
            meter = Meter()
            given = {**self.given, "http": self._metered(meter, holds_writes=each.dry_run)}
            crm = adapters.make(adapters.CRMS, each.use, options, place=place, given=given)
            if each.dry_run and getattr(crm, "is_local", False):
                raise place.error(f"{each.use} makes no requests that `dry_run` could hold back.", "Take it out.")
            refused = crm_refusals(self.engine.crms[name], crm)
            if refused:
                raise place.error(refused[0])
            budget = Budget(*each.rate) if each.rate else DOCUMENTED.get(crm.provider)
            made[name] = sync.Connected(mapping=self.engine.crms[name], crm=crm, budget=budget, meter=meter)
        return made

    def _metered(self, meter: Meter, *, holds_writes: bool) -> httpx.AsyncClient:
        """A client of its own for one CRM connection, whose calls are counted."""
        held = [hold_writes] if holds_writes else []
        hooks: dict[str, list[Any]] = {"request": [*held, meter.made], "response": [meter.answered]}
        self._clients.append(_client(event_hooks=hooks))
        return self._clients[-1]

    async def drain(self, connection: str) -> None:
        """Do what is due on one CRM connection: write what happened here, then read what happened there."""
        connected = self.crms.get(connection)
        if connected:
            notify = self.settings.notify.notify
            await sync.drain(self.store, [connected], clock=self.clock, owner=self.owner, notify=notify)
            await read_back(self.engine, connected)

    def prove_crms(self) -> None:
        """Refuse to start with a mapping that the accounts contradict. An account that cannot be asked is no reason."""
        wrong, unproved = asyncio.run(self._refusals()) if self.settings.crm else ([], [])
        for row in unproved:
            log.warning("crm_not_proved", connection=row.connection, what=row.subject, said=row.said)
        if wrong:
            remedy = "Mend it; outreach crm check shows everything."
            problems = [f"{row.connection}: {row.subject}: {row.said}" for row in wrong]
            raise ConfigError(*(Problem("config/crm.yaml", 0, 0, problem, remedy) for problem in problems))

    async def _refusals(self) -> tuple[list[CheckRow], list[CheckRow]]:
        try:
            return await refusals([(each.mapping, each.crm) for each in self.crms.values()])
        finally:
            await self.close_network()

    def due_connections(self) -> list[str]:
        """CRM connections with something to do now."""
        if not self.settings.crm:
            return []
        now = self.clock.now()
        with self.store.read() as connection:
            due = {name: crm_jobs.next_due_at(connection, name) for name in self.settings.crm}
        writing = {name for name, at in due.items() if at is not None and at <= now}
        return sorted(writing | set(due_readings(self.engine, list(self.settings.crm))))

    def sweep_sync(self) -> None:
        """CRM jobs whose worker is gone are done again, looking first."""
        sync.release_expired(self.store, clock=self.clock, notify=self.settings.notify.notify)
        see_to_rounds(self.engine)

    def check_files(self) -> None:
        """Say which files differ from what was applied; on PostgreSQL, where machines share the work, refuse."""
        with self.store.read() as connection:
            applied = revise.applied_hashes(connection)
        different = sorted(name for name, found in self.workspace.hashes.items() if applied.get(name, found) != found)
        different += sorted(set(applied) - set(self.workspace.hashes))
        if not different:
            return
        listed = ", ".join(different)
        if not self.store.is_sqlite:
            raise StoreError(
                f"These files differ from what is applied: {listed}. Run: outreach apply, or restore them."
            )
        log.warning("files_differ_from_applied", files=different, remedy="outreach apply")

    async def close_network(self) -> None:
        """Let go of every connection to a provider; on the loop that opened them."""
        await asyncio.gather(*(channel.close() for channel in self._channels.values() if channel))
        self._channels.clear()
        for copies in self._copies.values():
            await asyncio.to_thread(copies.close)
        self._copies.clear()
        if self._http is not None:
            await self._http.aclose()
            self._http = self._tokens = None
        await asyncio.gather(*(client.aclose() for client in self._clients))
        self._clients.clear()
        self.__dict__.pop("crms", None)  # their clients are closed

    def close(self) -> None:
        """Let go of the database. Network first: see `close_network`."""
        if self._intake is not None:
            self._intake.close()
        if "fetch" in self.__dict__:
            self.fetch.close()
        if "store" in self.__dict__:
            self.store.dispose()


def build(root: Path, environ: Mapping[str, str], *, clock: Clock | None = None, policy: Policy | None = None) -> App:
    """The system of the workspace at `root`. Raises ConfigError with every problem of the configuration."""
    return App(settings.load(root, environ, crm_can=adapters.crm_abilities), clock=clock, policy=policy)


def _client(**options: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, verify=_trusted(), **options)


@cache
def _trusted() -> ssl.SSLContext:
    """Whom to believe over TLS. Reading every authority takes longer than opening ten connections: once will do."""
    return httpx.create_ssl_context()


async def _access(source: TokenSource, refused: str) -> str:
    return (await source.token(refused=refused)).access_token
