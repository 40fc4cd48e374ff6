"""A mailbox by IMAP (RFC 3501, RFC 9051): new mail by IDLE (RFC 2177) where the server has it, else by looking.

Folders are opened read-only and texts fetched with PEEK, so that nothing is marked as read. A mail is fetched up to
10 MiB of it. What a server does not hand out is asked for in smaller pieces: the mail alone, its header alone; in the
end the cursor goes on with an empty mail and the reason.
Gmail allows 15 connections a mailbox, Microsoft 365 takes XOAUTH2 alone (both unverified).
"""

from __future__ import annotations

import imaplib
import select
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from ipaddress import ip_address
from typing import Any, ClassVar, TypeVar
from urllib.parse import SplitResult, urlsplit

import imapclient
from imapclient.exceptions import IMAPClientError, LoginError
from imapclient.imapclient import SEEN, SENT

from outreach.clock import Clock
from outreach.errors import AdapterError, Outcome, Unauthorized, Unavailable, UsageError
from outreach.poller import Cursor, Folder, Look, Mail

T = TypeVar("T")

PROVIDER = "imap"
MAX_BYTES = 10 * 1024 * 1024
_DEFAULT_PORTS = {"imaps": 993, "imap+starttls": 143, "imap": 143}
_MOST_MAILS = 50
_MOST_TOGETHER = 4 * 1024 * 1024  # bytes in one answer
_WIDEST_SEARCH = 50_000  # uids; the list of those found comes in one line, which must stay below a megabyte
_IDLE_SECONDS = 28 * 60.0  # RFC 2177: a server may hang up after 30 minutes of silence
_SENT_NAMES = ("Sent", "Sent Items", "Sent Mail", "Sent Messages")
_BROKEN = (imaplib.IMAP4.abort, OSError, EOFError, ssl.SSLError)


@dataclass(frozen=True, slots=True)
class Options:
    """One mailbox. `imaps://` is TLS from the start, `imap+starttls://` insists on STARTTLS, `imap://` has no TLS."""

    url: str
    username: str = ""
    password: str = field(default="", repr=False)
    folders: tuple[str, ...] = ("INBOX",)
    sent_folder: str = ""  # empty: the one the server calls so; `none`: it is not read
    allow_plaintext: bool = False
    ca_file: str = ""  # certificates to trust beside the system's
    idle: bool = True  # False for a server that announces IDLE and then tells nothing
    timeout: float = 60.0  # seconds without an answer


class Imap:
    """The poller `imap`. Connects when it is first needed and again after every error."""

    provider: ClassVar[str] = PROVIDER

    def __init__(self, options: Options, clock: Clock, token: Callable[[str], str] | None = None) -> None:
        """`token` gives an access token for XOAUTH2, told which one was refused. Raises UsageError for a wrong url."""
        self._options = options
        self._clock = clock
        self._token = token
        self._url = _checked(options)
        self._client: imapclient.IMAPClient | None = None
        self._idle_until = 0.0
        self._next_uid: int | None = None  # of the first folder, when it was last looked into
        self._doubts: dict[tuple[str, int], int] = {}  # (folder, uid) → how often the connection broke over it
        self._bell, self._clapper = socket.socketpair()
        self._bell.setblocking(False)

    def __repr__(self) -> str:
        return f"Imap({self._options!r})"

    def folders(self) -> tuple[Folder, ...]:
        sent = self._with_client(self._sent_folder)
        named = tuple(Folder(name) for name in self._options.folders if name != sent)
        return named + ((Folder(sent, is_sent=True),) if sent else ())

    def look(self, folder: Folder, cursor: Cursor | None, *, since: date) -> Look:
        return self._with_client(lambda client: self._look(client, folder, cursor, since))

    def wait(self, seconds: float) -> bool:
        end = self._clock.monotonic() + seconds
        if self._options.idle and self._with_client(lambda client: client.has_capability("IDLE")):
            return self._with_client(lambda client: self._idle(client, end))
        return self._listen([], end)

    def wake(self) -> None:
        try:
            self._clapper.send(b"!")
        except OSError:
            return  # it is closed, and nobody waits any more

    def keep(self, raw: bytes, at: datetime) -> None:
        def put(client: imapclient.IMAPClient) -> None:
            client.append(self._sent_folder(client) or _SENT_NAMES[0], raw, flags=(SEEN,), msg_time=at)

        self._with_client(put)

    def has_sent(self, message_id: str) -> bool:
        return self._with_client(lambda client: self._has_sent(client, message_id))

    def _has_sent(self, client: imapclient.IMAPClient, message_id: str) -> bool:
        self._leave_idle(client)
        folder = self._sent_folder(client)
        if not folder:
            return False
        client.select_folder(folder, readonly=True)
        return bool(client.search(["HEADER", "Message-ID", f"<{message_id}>"]))

    def close(self) -> None:
        self._bell.close()
        self._clapper.close()
        client, self._client = self._client, None
        self._idle_until = 0.0
        if client is None:
            return
        try:
            client.logout()
        except (*_BROKEN, IMAPClientError, imaplib.IMAP4.error):
            _hang_up(client)

    def _with_client(self, work: Callable[[imapclient.IMAPClient], T]) -> T:
        """Do something on the connection; on an error it is given up, and the error becomes one of ours."""
        try:
            if self._client is None:
                self._client = self._connected()
            return work(self._client)
        except AdapterError:
            self._give_up()
            raise
        except (*_BROKEN, IMAPClientError, imaplib.IMAP4.error) as error:
            self._give_up()
            raise Unavailable(PROVIDER, f"{self._url.hostname}: {_said(error)}") from None

    def _give_up(self) -> None:
        client, self._client = self._client, None
        self._idle_until = 0.0
        if client is not None:
            _hang_up(client)

    def _connected(self) -> imapclient.IMAPClient:
        host, port = self._url.hostname or "", self._url.port or _DEFAULT_PORTS[self._url.scheme]
        tls = None if self._url.scheme == "imap" else _tls_context(self._options.ca_file)
        is_tls = self._url.scheme == "imaps"
        try:
            client = imapclient.IMAPClient(
                host, port, ssl=is_tls, ssl_context=tls if is_tls else None, timeout=self._options.timeout
            )
        except ssl.SSLCertVerificationError as error:
            said = f"{host}: its certificate is not valid ({_said(error)})"
            raise Unavailable(PROVIDER, said, outcome=Outcome.CONFIG) from None
        try:
            if self._url.scheme == "imap+starttls":
                client.starttls(tls)
            self._sign_in(client)
        except BaseException:
            _hang_up(client)
            raise
        return client

    def _sign_in(self, client: imapclient.IMAPClient) -> None:
        options = self._options
        try:
            if self._token is not None:
                self._sign_in_by_token(client, self._token)
            elif options.username:
                client.login(options.username, options.password)
        except LoginError as error:
            said = _said(error).replace(options.password or "\0", "***")
            if "[UNAVAILABLE]" in said.upper():  # RFC 5530: the server cannot tell at the moment
                raise Unavailable(PROVIDER, f"login: {said}") from None
            raise Unauthorized(PROVIDER, f"login: {said}") from None

    def _sign_in_by_token(self, client: imapclient.IMAPClient, token: Callable[[str], str]) -> None:
        """A refused token is renewed once: it may have been withdrawn before its end."""
        first = token("")
        try:
            client.oauth2_login(self._options.username, first)
        except LoginError:
            client.oauth2_login(self._options.username, token(first))

    def _sent_folder(self, client: imapclient.IMAPClient) -> str:
        wanted = self._options.sent_folder
        if wanted:
            return "" if wanted == "none" else wanted
        self._leave_idle(client)
        return str(client.find_special_folder(SENT) or "")

    def _look(self, client: imapclient.IMAPClient, folder: Folder, cursor: Cursor | None, since: date) -> Look:
        self._leave_idle(client)
        state = client.select_folder(folder.name, readonly=True)
        validity = int(state[b"UIDVALIDITY"])
        if cursor is None or cursor.validity != validity:
            cursor = Cursor(validity, 0, since)
        if folder.name == self._options.folders[0]:
            self._next_uid = state.get(b"UIDNEXT")
        found = _waiting(client, cursor, int(state.get(b"UIDNEXT", 0)))
        chosen = found[:_MOST_MAILS]
        mails = self._fetched(client, folder.name, chosen)
        end = max([cursor.uid, *chosen])
        return Look(Cursor(validity, end, cursor.since), tuple(mails), is_end=len(chosen) == len(found))

    def _fetched(self, client: imapclient.IMAPClient, folder: str, uids: list[int]) -> list[Mail]:
        sizes = _sizes(client, uids)
        mails: list[Mail] = []
        for group in _groups([uid for uid in uids if uid in sizes], sizes, alone=self._in_doubt(folder)):
            mails += self._fetch(client, folder, group, sizes)
        return mails

    def _in_doubt(self, folder: str) -> set[int]:
        return {uid for name, uid in self._doubts if name == folder}

    def _fetch(self, client: imapclient.IMAPClient, folder: str, uids: list[int], sizes: dict[int, int]) -> list[Mail]:
        """Together if the server can, else one by one; the third break over the same mail is taken as its fault."""
        if len(uids) == 1 and (known := self._doubts.get((folder, uids[0]), 0)) > 1:
            return [self._piece(client, uids[0], f"the connection broke {known} times when it was fetched")]
        try:
            bodies = _bodies(client, uids)
        except _BROKEN:
            for uid in uids:
                self._doubts[folder, uid] = self._doubts.get((folder, uid), 0) + 1
            raise
        except (IMAPClientError, imaplib.IMAP4.error) as error:
            if len(uids) > 1:
                return [mail for uid in uids for mail in self._fetch(client, folder, [uid], sizes)]
            return [self._piece(client, uids[0], _said(error))]
        for uid in uids:
            self._doubts.pop((folder, uid), None)
        return [_mail(uid, bodies[uid], sizes[uid]) for uid in uids if uid in bodies]

    def _piece(self, client: imapclient.IMAPClient, uid: int, problem: str) -> Mail:
        """Its header, which tells most; else nothing but the reason."""
        if "broke" in problem:
            return Mail(uid, b"", problem)
        try:
            answer = client.fetch([uid], ["BODY.PEEK[HEADER]"])
        except (IMAPClientError, imaplib.IMAP4.error) as error:
            if isinstance(error, _BROKEN):
                raise
            return Mail(uid, b"", problem)
        return Mail(uid, _content(answer.get(uid, {}), b"BODY[HEADER]") or b"", problem)

    def _idle(self, client: imapclient.IMAPClient, end: float) -> bool:
        """What comes between a look and IDLE is told by nobody: the folder's next uid shows it."""
        if self._clock.monotonic() >= self._idle_until:
            self._leave_idle(client)
            state = client.select_folder(self._options.folders[0], readonly=True)
            if state.get(b"UIDNEXT") != self._next_uid:
                return True
            client.idle()
            self._idle_until = self._clock.monotonic() + _IDLE_SECONDS
            if _has_buffered(client, self._options.timeout):
                return True
        if self._listen([client.socket()], min(end, self._idle_until)):
            return True
        return any(_is_news(each) for each in client.idle_check(timeout=0))

    def _leave_idle(self, client: imapclient.IMAPClient) -> None:
        if self._idle_until:
            self._idle_until = 0.0
            client.idle_done()

    def _listen(self, sockets: list[socket.socket], end: float) -> bool:
        """Until the bell rings (True), a server speaks, or the time is over."""
        seconds = max(0.0, end - self._clock.monotonic())
        ready, _, _ = select.select([self._bell, *sockets], [], [], seconds)
        if self._bell not in ready:
            return False
        self._bell.recv(4096)
        return True


def _waiting(client: imapclient.IMAPClient, cursor: Cursor, next_uid: int) -> list[int]:
    """Uids behind the cursor, ascending. `n:*` always names the last mail, so what is not behind it is left out."""
    if not cursor.uid:
        return sorted(client.search(["SINCE", cursor.since]))
    start = cursor.uid + 1
    while next_uid - start > _WIDEST_SEARCH:
        found = sorted(client.search(["UID", f"{start}:{start + _WIDEST_SEARCH}"]))
        if found:
            return [uid for uid in found if uid > cursor.uid]
        start += _WIDEST_SEARCH + 1
    return sorted(uid for uid in client.search(["UID", f"{start}:*"]) if uid > cursor.uid)


def _sizes(client: imapclient.IMAPClient, uids: list[int]) -> dict[int, int]:
    if not uids:
        return {}
    return {uid: int(found.get(b"RFC822.SIZE", 0)) for uid, found in client.fetch(uids, ["RFC822.SIZE"]).items()}


def _groups(uids: list[int], sizes: dict[int, int], *, alone: set[int]) -> list[list[int]]:
    """Uids that are fetched together."""
    groups: list[list[int]] = []
    room = 0
    for uid in uids:
        if groups and sizes[uid] <= room and uid not in alone and groups[-1][-1] not in alone:
            groups[-1].append(uid)
        else:
            groups.append([uid])
            room = _MOST_TOGETHER
        room -= sizes[uid]
    return groups


def _bodies(client: imapclient.IMAPClient, uids: list[int]) -> dict[int, bytes]:
    answers = client.fetch(uids, [f"BODY.PEEK[]<0.{MAX_BYTES}>"])
    found = {uid: _content(answer, b"BODY[]<0>", b"BODY[]") for uid, answer in answers.items()}
    return {uid: raw for uid, raw in found.items() if raw is not None}


def _content(answer: Any, *names: bytes) -> bytes | None:
    return next((bytes(answer[name]) for name in names if answer.get(name) is not None), None)


def _mail(uid: int, raw: bytes, size: int) -> Mail:
    problem = f"it has {size} bytes, of which the first {MAX_BYTES} are kept" if size > MAX_BYTES else ""
    return Mail(uid, raw[:MAX_BYTES], problem)


def _has_buffered(client: imapclient.IMAPClient, timeout: float) -> bool:
    """Did something come in one packet with the word that IDLE has begun? No `select` would ever tell of it."""
    sock = client.socket()
    sock.setblocking(False)
    try:
        return bool(client._imap.file.peek(1))  # noqa: SLF001  # the library has no word for it
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        sock.settimeout(timeout)


def _is_news(told: Any) -> bool:
    """(3, b'EXISTS'): the folder holds another number of mails."""
    return isinstance(told, tuple) and len(told) > 1 and told[1] in (b"EXISTS", b"RECENT")


def _hang_up(client: imapclient.IMAPClient) -> None:
    try:
        client.shutdown()
    except (*_BROKEN, IMAPClientError, imaplib.IMAP4.error):
        return


def _said(error: BaseException) -> str:
    text = error.args[0] if error.args else ""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(error)
    return " ".join(shown.replace("\0", "").split())[:300] or type(error).__name__


def _checked(options: Options) -> SplitResult:
    url = urlsplit(options.url)
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        raise UsageError(
            "the IMAP url must read imaps://host:993, imap+starttls://host:143, "
            "or imap://host:143 (without TLS, for loopback)"
        )
    if url.scheme == "imap" and not (options.allow_plaintext or _is_loopback(url.hostname)):
        raise UsageError(f"imap://{url.hostname} would send mail and password in clear; write imaps://")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _tls_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
