"""A mail server on loopback that holds mailboxes (IMAP4rev1, RFC 3501): enough for a client that reads and files mail.

Logs in by password or XOAUTH2, lists, selects, searches by uid and day, fetches whole mails, pieces and headers,
idles (RFC 2177), appends, and changes its UIDVALIDITY when told to. `spoilt` mails answer NO or hang up, as real
servers do with mail their store has damaged.
"""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from outreach.sandbox.imap_mails import PIECE, Folder, Spoilt, Stored, cut, is_in, searched, unquoted, words_of

_CAPABILITIES = "IMAP4rev1 SASL-IR AUTH=XOAUTH2 IDLE SPECIAL-USE LITERAL+"
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")
_PAUSE_SECONDS = 0.02


class ImapServer:
    """`accounts` maps addresses to passwords, `tokens` addresses to the access token that lets them in."""

    def __init__(
        self,
        accounts: Mapping[str, str],
        *,
        tokens: Mapping[str, str] | None = None,
        can_idle: bool = True,
        now: Callable[[], datetime] = lambda: datetime(2026, 3, 2, 7, 0, tzinfo=UTC),
    ) -> None:
        self.accounts = dict(accounts)
        self.tokens = dict(tokens or {})
        self.can_idle = can_idle
        self.logins = 0
        self.idling = threading.Semaphore(0)  # released once for each IDLE that begins
        self.on_idle: Callable[[], object] | None = None  # called before an IDLE is answered
        self.now = now
        self.changed = threading.Condition()
        self.sessions: set[socket.socket] = set()
        self._folders = {address: self._usual() for address in {*self.accounts, *self.tokens}}
        self._server = _Listener(("127.0.0.1", 0), _Session)
        self._server.box = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="imap", daemon=True)

    @property
    def url(self) -> str:
        return f"imap://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self.hang_up()
        self._server.server_close()
        self._thread.join()

    def hang_up(self) -> None:
        """Cut off whoever is connected."""
        for each in tuple(self.sessions):
            with_errors_ignored(lambda each=each: each.shutdown(socket.SHUT_RDWR))  # type: ignore[misc]

    def deliver(
        self,
        address: str,
        raw: bytes,
        *,
        folder: str = "INBOX",
        at: datetime | None = None,
        spoilt: Spoilt | None = None,
    ) -> int:
        """A new mail in a folder; its uid."""
        with self.changed:
            uid = self._folders[address][folder].put(raw, at or self.now(), spoilt=spoilt)
            self.changed.notify_all()
        return uid

    def mails(self, address: str, folder: str = "INBOX") -> list[Stored]:
        with self.changed:
            return list(self._folders[address][folder].mails)

    def folder(self, address: str, name: str) -> Folder | None:
        return self._folders[address].get(name)

    def folder_names(self, address: str) -> list[tuple[str, str]]:
        """(name, special use) of each folder."""
        return [(name, folder.use) for name, folder in self._folders[address].items()]

    def renumber(self, address: str, folder: str = "INBOX", *, first_uid: int = 1) -> None:
        """Give every mail another uid under another UIDVALIDITY, as a restored mailbox does."""
        with self.changed:
            found = self._folders[address][folder]
            found.validity += 1
            found.next_uid = first_uid
            for mail in found.mails:
                mail.uid = found.next_uid
                found.next_uid += 1

    def lets_in(self, address: str, *, password: str | None = None, token: str | None = None) -> bool:
        known = self.accounts.get(address) == password if token is None else self.tokens.get(address) == token
        self.logins += known
        return known

    @staticmethod
    def _usual() -> dict[str, Folder]:
        return {"INBOX": Folder(), "Sent Items": Folder("\\Sent"), "Junk": Folder("\\Junk")}


def with_errors_ignored(work: Callable[[], object]) -> None:
    """For goodbyes to those who may be gone already."""
    try:
        work()
    except OSError:
        return


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    box: ImapServer

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hangs up in the middle is gone; there is nobody to tell."""


class _Session(socketserver.StreamRequestHandler):
    """One connection. Commands are methods named after them."""

    server: _Listener
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.box = self.server.box
        self.box.sessions.add(self.connection)
        self.address = ""
        self.selected: Folder | None = None
        self.is_over = False

    def finish(self) -> None:
        self.box.sessions.discard(self.connection)
        with_errors_ignored(super().finish)

    def handle(self) -> None:
        self.say(f"* OK [CAPABILITY {self.capabilities}] ready")
        while not self.is_over:
            line = self.rfile.readline(65536)
            if not line:
                return
            self.answer(line)

    @property
    def capabilities(self) -> str:
        return _CAPABILITIES if self.box.can_idle else _CAPABILITIES.replace("IDLE ", "")

    def answer(self, line: bytes) -> None:
        tag, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
        name, _, arguments = rest.partition(" ")
        if name.upper() == "UID":
            name, _, arguments = arguments.partition(" ")
            name = f"uid_{name}"
        command = getattr(self, f"do_{name.lower()}", None)
        if command is None:
            self.say(f"{tag} BAD unknown command")
            return
        command(tag, arguments, line)

    def say(self, text: str | bytes) -> None:
        self.wfile.write((text.encode() if isinstance(text, str) else text) + b"\r\n")

    def do_capability(self, tag: str, arguments: str, line: bytes) -> None:
        self.say(f"* CAPABILITY {self.capabilities}")
        self.say(f"{tag} OK done")

    def do_noop(self, tag: str, arguments: str, line: bytes) -> None:
        self.say(f"{tag} OK done")

    def do_logout(self, tag: str, arguments: str, line: bytes) -> None:
        self.say("* BYE see you")
        self.say(f"{tag} OK done")
        self.is_over = True

    def do_login(self, tag: str, arguments: str, line: bytes) -> None:
        user, password = (unquoted(each) for each in words_of(arguments)[:2])
        self._let_in(tag, user, self.box.lets_in(user, password=password))

    def do_authenticate(self, tag: str, arguments: str, line: bytes) -> None:
        mechanism, _, given = arguments.partition(" ")
        if mechanism.upper() != "XOAUTH2":
            self.say(f"{tag} NO unsupported mechanism")
            return
        if not given:
            self.say("+ ")
            given = self.rfile.readline(65536).decode().strip()
        parts = base64.b64decode(given).decode().split("\x01")
        user, token = parts[0].removeprefix("user="), parts[1].removeprefix("auth=Bearer ")
        is_right = self.box.lets_in(user, token=token)
        if not is_right:
            self.say("+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode())
            self.rfile.readline(65536)
        self._let_in(tag, user, is_right)

    def _let_in(self, tag: str, user: str, is_right: bool) -> None:
        self.address = user if is_right else ""
        self.say(f"{tag} OK [CAPABILITY {self.capabilities}] in" if is_right else f"{tag} NO [AUTHENTICATIONFAILED] no")

    def do_list(self, tag: str, arguments: str, line: bytes) -> None:
        pattern = unquoted(words_of(arguments)[-1])
        for name, use in self.box.folder_names(self.address):
            if pattern in ("*", "%", name):
                self.say(f'* LIST (\\HasNoChildren{" " + use if use else ""}) "/" "{name}"')
        self.say(f"{tag} OK done")

    def do_select(self, tag: str, arguments: str, line: bytes) -> None:
        folder = self.box.folder(self.address, unquoted(arguments))
        if folder is None:
            self.say(f"{tag} NO [NONEXISTENT] there is no such folder")
            return
        self.selected = folder
        self.say(f"* {len(folder.mails)} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)")
        self.say(f"* OK [UIDVALIDITY {folder.validity}] valid\r\n* OK [UIDNEXT {folder.next_uid}] next")
        self.say(f"{tag} OK [READ-ONLY] done")

    do_examine = do_select

    def do_uid_search(self, tag: str, arguments: str, line: bytes) -> None:
        assert self.selected
        with self.box.changed:
            found = searched(self.selected.mails, arguments)
        self.say("* SEARCH" + "".join(f" {mail.uid}" for mail in found))
        self.say(f"{tag} OK done")

    def do_uid_fetch(self, tag: str, arguments: str, line: bytes) -> None:
        assert self.selected
        wanted, _, items = arguments.partition(" ")
        with self.box.changed:
            mails = [mail for mail in self.selected.mails if is_in(mail.uid, wanted, self.selected.mails)]
        for number, mail in enumerate(mails, 1):
            if not self._fetch(tag, number, mail, items.upper()):
                return
        self.say(f"{tag} OK done")

    def _fetch(self, tag: str, number: int, mail: Stored, items: str) -> bool:
        piece = PIECE.search(items)
        is_header = bool(piece and piece.group(1))
        if piece and mail.spoilt is Spoilt.HANGS_UP:
            self.is_over = True
            return False
        if piece and (mail.spoilt is Spoilt.REFUSED or (mail.spoilt is Spoilt.TEXT_REFUSED and not is_header)):
            self.say(f"{tag} NO [SERVERBUG] this mail cannot be read")
            return False
        head = f"* {number} FETCH (UID {mail.uid} RFC822.SIZE {len(mail.raw)}"
        if piece is None:
            self.say(head + ")")
            return True
        name, content = cut(mail.raw, piece)
        self.wfile.write(f"{head} {name} {{{len(content)}}}\r\n".encode() + content + b")\r\n")
        return True

    def do_append(self, tag: str, arguments: str, line: bytes) -> None:
        size = _LITERAL.search(line)
        folder = self.box.folder(self.address, unquoted(words_of(arguments)[0]))
        if size is None:
            self.say(f"{tag} BAD a literal is missing")
            return
        if not size.group(2):
            self.say("+ go on")
        raw = self.rfile.read(int(size.group(1)))
        self.rfile.readline(65536)
        if folder is None:
            self.say(f"{tag} NO [TRYCREATE] there is no such folder")
            return
        with self.box.changed:
            flags = tuple(re.findall(r"\\\w+", arguments))
            uid = folder.put(raw, self.box.now(), flags)
            self.box.changed.notify_all()
        self.say(f"{tag} OK [APPENDUID {folder.validity} {uid}] done")

    def do_idle(self, tag: str, arguments: str, line: bytes) -> None:
        assert self.selected
        told = len(self.selected.mails)
        if self.box.on_idle is not None:
            self.box.on_idle()
        news = f"\r\n* {len(self.selected.mails)} EXISTS" if len(self.selected.mails) != told else ""
        self.say(f"+ idling{news}")
        told = len(self.selected.mails)
        self.box.idling.release()
        self.connection.settimeout(_PAUSE_SECONDS)
        while True:
            told = self._tell(told)
            try:
                said = self.connection.recv(64)
            except TimeoutError:
                continue
            break
        self.connection.settimeout(None)
        if said.strip().upper() == b"DONE":
            self.say(f"{tag} OK done")
        else:
            self.is_over = True

    def _tell(self, told: int) -> int:
        assert self.selected
        present = len(self.selected.mails)
        if present != told:
            self.say(f"* {present} EXISTS")
        return present
