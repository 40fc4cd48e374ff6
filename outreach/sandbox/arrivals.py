"""What reaches people, told by the servers' threads and read by the story when everything is idle."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

from outreach.clock import Clock
from outreach.sandbox.acts import Happening
from outreach.sandbox.mail_server import Mail
from outreach.sandbox.unipile_server import Done


class Arrivals:
    """Safe to be told from any thread. Keeps everything for the verification."""

    def __init__(self, clock: Clock, email_of: Callable[[str], str]) -> None:
        """`email_of`: a LinkedIn profile's name → the person's address."""
        self.everything: list[Happening] = []
        self._clock = clock
        self._email_of = email_of
        self._fresh: SimpleQueue[Happening] = SimpleQueue()

    def mail_came(self, mail: Mail) -> None:
        self._fresh.put(Happening(what="mail", email=mail.recipient, at=self._clock.now(), mail=mail))

    def mail_was_refused(self, recipient: str, answer: str) -> None:
        self._fresh.put(Happening(what=f"refusal {answer[:3]}", email=recipient, at=self._clock.now()))

    def account_did(self, done: Done) -> None:
        what = "invitation" if done.what == "invite" else "message"
        email = self._email_of(done.member.slug)
        self._fresh.put(Happening(what=what, email=email, at=self._clock.now(), done=done))

    def taken(self) -> list[Happening]:
        """What is new since the last time."""
        found = []
        while True:
            try:
                found.append(self._fresh.get_nowait())
            except Empty:
                self.everything += found
                return found
