"""Links and an image in the HTML of a mail that tell of clicks and opens, where a team has switched them on.

A link keeps its words and leads over `/c/{token}`; its target stands in our own store before the mail goes out, and
nothing else is ever redirected to. The text part and the opt-out link stay as they are.
"""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import replace
from datetime import datetime
from html import escape, unescape

from outreach.channel import Message
from outreach.domain.sequence import Tracking
from outreach.domain.tracking_token import Purpose, named_by, sign
from outreach.store import links
from outreach.store.session import Store

_LINK = re.compile(r"""(<a\b[^<>]{0,2000}?\bhref=")(https?://[^"<>]{1,4000})(")""", re.IGNORECASE)
_END = re.compile(r"</body>", re.IGNORECASE)
_IMAGE = '<img src="{}" alt="" width="1" height="1" style="display:block;border:0">'
_MOST_KNOWN = 100_000


class Tracked:
    """One for each process. Threads share it."""

    def __init__(self, secret: bytes, public_url: str) -> None:
        self._secret = secret
        self._base = public_url.rstrip("/")
        self._known: set[str] = set()  # links that are stored for certain
        self._new: dict[str, str] = {}
        self._lock = threading.Lock()
        self._storing = threading.Lock()

    def mark(self, message: Message, touch_id: str, tracking: Tracking) -> Message:
        """The message with what tells of opens and clicks. Its links have to be stored (`store`) before it goes out."""
        html = message.html
        if tracking.clicks:
            html = _LINK.sub(lambda found: self._link(found, touch_id, message.unsubscribe_url), html)
        if tracking.opens and html:
            image = _IMAGE.format(f"{self._base}/o/{sign(Purpose.OPEN, touch_id, self._secret)}")
            end = _END.search(html)
            html = html[: end.start()] + image + html[end.start() :] if end else html + image
        return replace(message, html=html)

    def store(self, store: Store, now: datetime) -> None:
        """Keep the targets of every link made so far. Cheap when there is nothing new."""
        with self._storing:  # who comes second waits until what the first one took is committed
            with self._lock:
                new, self._new = self._new, {}
            if not new:
                return
            try:
                store.write(lambda connection: links.keep(connection, new.items(), now))
            except BaseException:
                with self._lock:
                    self._new |= new
                raise
            with self._lock:
                self._known = (self._known if len(self._known) < _MOST_KNOWN else set()) | new.keys()

    def opened(self, token: str) -> str | None:
        """The touch whose image this is."""
        return named_by(Purpose.OPEN, token, self._secret)

    def clicked(self, token: str) -> tuple[str, str] | None:
        """(touch, link) of a link we made."""
        named = named_by(Purpose.CLICK, token, self._secret)
        touch_id, _, link_id = (named or "").partition(".")
        return (touch_id, link_id) if link_id else None

    def _link(self, found: re.Match[str], touch_id: str, unsubscribe_url: str) -> str:
        before, written, after = found.groups()
        url = unescape(written)
        if url == unsubscribe_url:
            return found.group()
        link_id = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()[:32]
        with self._lock:
            if link_id not in self._known:
                self._new[link_id] = url
        token = sign(Purpose.CLICK, f"{touch_id}.{link_id}", self._secret)
        return f"{before}{escape(f'{self._base}/c/{token}')}{after}"
