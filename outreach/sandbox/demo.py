"""`outreach demo`: a workspace, providers and people on this machine; the clock jumps from one thing to the next.

Real SMTP, real HTTP, the real engine, web server and adapters; only the other side of each wire is played.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import structlog
from rich.console import Console
from sqlalchemy import select

from outreach.clock import SystemClock
from outreach.content.lead_files import open_lead_file
from outreach.sandbox import results, stage
from outreach.sandbox.acts import World
from outreach.sandbox.cast import CAST, WITHOUT_PROFILE, Person
from outreach.sandbox.stage import Stage
from outreach.sandbox.story import Story
from outreach.sandbox.telling import Teller
from outreach.sandbox.verification import check
from outreach.services.people.import_leads import import_leads
from outreach.services.sequences import apply_files
from outreach.services.sequences.enroll import Selection, enroll
from outreach.store.tables import addresses, leads

START = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)  # a Monday, half past nine in Istanbul
LONGEST = timedelta(days=75)  # of simulated time
SEQUENCE = "first-contact"

_MOST_SECONDS = 180  # of real time; then something hangs, and every thread says where it is


def run(
    *,
    as_json: bool = False,
    keep: bool = False,
    console: Console | None = None,
    cast: Mapping[str, Person] = CAST,
) -> int:
    """Play the whole story; 0 when every lead ended as scripted, else 1.

    `keep` leaves the dashboard up until Ctrl-C, otherwise everything is gone when this returns. `as_json` prints one
    document at the end and nothing before.
    """
    shown = console or Console(highlight=False)
    with _quiet_logs(), _not_for_ever() as let_go, _until_signalled() as signalled, ExitStack() as stack:
        built = stage.build(stack, START)
        report = _play(built, shown, cast=cast, is_quiet=as_json)
        let_go()
        if as_json:
            shown.print_json(json.dumps(report.to_json(), ensure_ascii=False))
        else:
            results.show(shown, report)
            _show_the_way_in(shown, built, keep=keep)
        if keep:
            signalled()
    return 1 if report.mismatches else 0


def _show_the_way_in(console: Console, built: Stage, *, keep: bool) -> None:
    if keep:
        console.print(f"The dashboard: {built.web.url} (until Ctrl-C; its clock stands still)", soft_wrap=True)
        console.print(f"The workspace: {built.root}", soft_wrap=True)
    else:
        console.print(f"The dashboard was at {built.web.url}; `outreach demo --keep` leaves it up.")


def _play(built: Stage, console: Console, *, cast: Mapping[str, Person], is_quiet: bool) -> results.Report:
    began = SystemClock().monotonic()
    teller = Teller(console, is_quiet=is_quiet)
    world = World(app=built.app, providers=built.providers, unipile=built.unipile)
    _open(built, teller, world)
    story = Story(world, built.arrivals, clock=built.clock, scheduler=built.scheduler, cast=cast, teller=teller)
    teller.heading("The weeks go by, as fast as the machine allows (times of Istanbul)")
    if not story.play(until=START + LONGEST):
        world.surprises.append(f"something is still planned {LONGEST.days} days after the beginning")
    _look_at_the_dashboard(world)
    outcomes, mismatches = check(built.app.engine, world, built.arrivals, hubspot=built.hubspot, cast=cast)
    return results.Report(
        funnel=results.funnel(built.app.engine),
        endings=Counter(outcome.reason for outcome in outcomes.values()),
        crm=results.in_the_crm(built.hubspot, outcomes),
        explained=world.explained,
        mismatches=tuple(mismatches),
        seconds=SystemClock().monotonic() - began,
        began_at=START,
        ended_at=built.clock.now(),
        dashboard=built.web.url,
    )


def _open(built: Stage, teller: Teller, world: World) -> None:
    """Import, apply, enroll: what one would type in a workspace of one's own."""
    app, engine = built.app, built.app.engine
    teller.heading("A workspace with sample data; mail, Unipile and HubSpot on this machine")
    teller.say(f"mail {built.mail_server.url}, web {built.web.url}")
    file = open_lead_file(built.root / "leads.csv")
    imported = import_leads(engine.store, file, clock=app.clock, default_pipeline=engine.pipelines["default"])
    teller.say(f"outreach leads import leads.csv  {imported.imported} imported, {imported.rejected} rejected")
    for rejected in imported.examples:
        teller.say(f"  line {rejected.line}: {rejected.reason}")
    changes = apply_files.apply(engine, app.workspace, by="demo")
    teller.say(f"outreach apply  {', '.join(change.sequence for change in changes)}")
    summary = enroll(engine, SEQUENCE, Selection(everybody=True), by="demo")
    teller.say(f"outreach enroll {SEQUENCE} --all  {summary.enrolled} enrolled")
    _meet(built, teller, world)


def _meet(built: Stage, teller: Teller, world: World) -> None:
    """Learn the leads' names, and let LinkedIn know its members."""
    with built.app.engine.store.read() as connection:
        statement = select(leads.c.first_name, leads.c.last_name, addresses.c.kind, addresses.c.value).join(
            addresses, addresses.c.lead_id == leads.c.id
        )
        rows = connection.execute(statement).all()
    for first_name, last_name, kind, value in rows:
        name, slug = f"{first_name} {last_name}", value.rpartition("/")[2]
        if kind == "email":
            teller.names[value] = name
        elif slug not in WITHOUT_PROFILE:
            world.unipile.add_member(slug, name)


def _look_at_the_dashboard(world: World) -> None:
    for path, wanted in (("/", "Outreach"), ("/leads", "Elif"), ("/healthz", ""), ("/metrics", "")):
        page = world.providers.look_at(path)
        world.expect(page, 200, f"the dashboard's {path}")
        if wanted.lower() not in page.text.lower():
            world.surprises.append(f"the dashboard's {path} does not show “{wanted}”")


@contextmanager
def _until_signalled() -> Iterator[Callable[[], None]]:
    """SIGTERM ends the demo as Ctrl-C does, with everything put away. Yields what waits for one of the two.

    Both are set: a shell hands its background jobs a SIGINT that is ignored.
    """
    before = {each: signal.signal(each, signal.default_int_handler) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield _wait_for_a_signal
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _wait_for_a_signal() -> None:
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


@contextmanager
def _not_for_ever() -> Iterator[Callable[[], None]]:
    """Should anything hang, the process ends and every thread says where it was. Yields what calls this off."""
    faulthandler.dump_traceback_later(_MOST_SECONDS, exit=True)
    try:
        yield faulthandler.cancel_dump_traceback_later
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def _quiet_logs() -> Iterator[None]:
    """The story is told by its lines; refusals and delays that belong to it are no news. Errors go to stderr."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    try:
        yield
    finally:
        structlog.configure(**before)
