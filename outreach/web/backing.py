"""The program behind the pages: what `WebServices` asks for, from the parts `app.py` has built."""

from __future__ import annotations

from outreach.app import App
from outreach.services.hearing import opt_out, tracking
from outreach.services.hearing.opt_out import Leaving
from outreach.services.watching import dashboard
from outreach.services.watching.status import zone_of_the_team
from outreach.store import migrate
from outreach.web.services import WebServices


def services_of(app: App) -> WebServices:
    """Everything the web needs. Raises StoreError when the database has to be upgraded first."""
    engine = app.engine

    def look(token: str) -> Leaving | None:
        touch_id = app.touch_of_token(token)
        return opt_out.look(engine, touch_id) if touch_id else None

    def leave(token: str) -> Leaving | None:
        touch_id = app.touch_of_token(token)
        return opt_out.leave(engine, touch_id) if touch_id else None

    def opened(token: str, agent: str) -> None:
        touch_id = engine.tracked.opened(token) if engine.tracked else None
        if touch_id:
            tracking.opened(engine, touch_id, agent)

    def clicked(token: str, agent: str | None) -> str | None:
        found = engine.tracked.clicked(token) if engine.tracked else None
        return tracking.clicked(engine, *found, agent) if found else None

    return WebServices(
        opened=opened,
        clicked=clicked,
        public_url=app.settings.public_url,
        receivers=app.receivers,
        accept=app.intake.accept,
        look=look,
        leave=leave,
        ready=lambda: migrate.check(app.store.engine),
        today=lambda: dashboard.today(engine),
        program=app,
        zone=zone_of_the_team(engine),
    )
