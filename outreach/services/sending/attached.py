"""The files a message carries: kept with the revision that names them, read once by each process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection

from outreach.channel import Attachment
from outreach.content.attached_files import content_of
from outreach.content.revision import Revision
from outreach.content.templates import Template
from outreach.content.workspace import Workspace
from outreach.errors import UsageError
from outreach.store import contents
from outreach.store.session import Store

_MOST_BYTES = 32 * 1024 * 1024


class NotStored(LookupError):
    """A file of a revision is in no place any more; its text is the reason a message cannot be written."""


class Files:
    """Contents by their hash, the last used in memory. Threads share it."""

    def __init__(self, store: Store, elsewhere: Callable[[str], bytes | None] = lambda content_hash: None) -> None:
        """`elsewhere` is asked for what the database does not hold: files of a workspace not applied yet."""
        self._store = store
        self._elsewhere = elsewhere
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, content_hash: str) -> bytes | None:
        with self._lock:
            if content_hash in self._kept:
                self._kept.move_to_end(content_hash)
                return self._kept[content_hash]
        with self._store.read() as connection:
            found = contents.get(connection, content_hash)
        found = found if found is not None else self._elsewhere(content_hash)
        if found is not None:
            self._remember(content_hash, found)
        return found

    def _remember(self, content_hash: str, content: bytes) -> None:
        with self._lock:
            self._kept[content_hash] = content
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _MOST_BYTES:
                self._kept.popitem(last=False)


def attachments_of(files: Files, revision: Revision, template: Template) -> tuple[Attachment, ...]:
    """Images first, then files, as the front matter has them. Raises NotStored."""
    images = [_attachment(files, revision, file, content_id=name) for name, file in template.images.items()]
    return (*images, *(_attachment(files, revision, file) for file in template.attachments))


def _attachment(files: Files, revision: Revision, name: str, content_id: str = "") -> Attachment:
    ref = revision.files.get(name)
    content = files.get(ref.hash) if ref else None
    if ref is None or content is None:
        raise NotStored(f"missing file {name}")
    return Attachment(
        name=PurePosixPath(name).name, content_type=ref.content_type, content=content, content_id=content_id
    )


def keep(connection: Connection, workspace: Workspace, applied: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Store what these revisions name. Raises UsageError for a file that has changed since the workspace was read."""
    wanted = {each["hash"] for content in applied for each in content.get("files", {}).values()}
    for content_hash in sorted(contents.missing(connection, wanted) if wanted else ()):
        content = content_of(workspace.root, workspace.files, content_hash)
        if content is None:
            raise UsageError("a file in attachments/ has changed while it was applied. Run outreach apply again.")
        contents.keep(connection, content_hash, content, now)


def in_workspace(workspace: Callable[[], Workspace]) -> Callable[[str], bytes | None]:
    """Looks among the files of a workspace, which is loaded when it is first needed."""

    def find(content_hash: str) -> bytes | None:
        found = workspace()
        return content_of(found.root, found.files, content_hash)

    return find
