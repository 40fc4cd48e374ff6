"""Files that messages carry, out of the folder `attachments/`: named by templates, kept by their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from outreach.errors import Problem

FOLDER = "attachments"
MAX_FILE = 5 * 1024 * 1024
MAX_TOGETHER = 7 * 1024 * 1024
"""In base64 a third more; many servers take 10 MB."""

_TYPES = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".gif": "image/gif",
    ".ics": "text/calendar",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".m4a": "audio/mp4",
    ".md": "text/markdown",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".txt": "text/plain",
    ".vcf": "text/vcard",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF-",),
}


@dataclass(frozen=True, slots=True)
class FileRef:
    """One file as a revision names it: its content is found by the SHA-256 of it."""

    hash: str
    size: int
    content_type: str


def read_file(root: Path, name: str) -> tuple[FileRef, bytes]:
    """A file of the folder. ValueError, with a sentence, for one that cannot be attached."""
    content_type = _type_of(name)
    folder = (root / FOLDER).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise ValueError(f"'{name}' lies outside of {FOLDER}/. Copy it there.")
    if not path.is_file():
        raise ValueError(f"there is no file {FOLDER}/{name}. Put it there, or remove the name.")
    if path.stat().st_size > MAX_FILE:
        raise ValueError(f"{FOLDER}/{name} is larger than {_megabytes(MAX_FILE)}. Send a link to it.")
    content = path.read_bytes()
    if not content:
        raise ValueError(f"{FOLDER}/{name} is empty.")
    if not content.startswith(_BEGINNINGS.get(content_type, (b"",))):
        raise ValueError(f"{FOLDER}/{name} is not what its name says ({content_type}).")
    return FileRef(hashlib.sha256(content).hexdigest(), len(content), content_type), content


def is_recording(name: str) -> bool:
    """Is this a file that can be listened to, by its name?"""
    return _TYPES.get(PurePosixPath(name).suffix.lower(), "").startswith("audio/")


def _type_of(name: str) -> str:
    content_type = _TYPES.get(PurePosixPath(name).suffix.lower())
    if content_type is None:
        raise ValueError(f"'{name}' is of no kind that may be attached. Kinds: {', '.join(sorted(_TYPES))}.")
    return content_type


@dataclass(slots=True)
class AttachedFiles:
    """Those of one workspace, each read once while it is loaded."""

    root: Path
    found: dict[str, FileRef] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def check(self, names: Iterable[str], problem: Callable[[str], Problem]) -> list[Problem]:
        """What is wrong with the files one template names."""
        names = list(names)
        for name in names:
            if name not in self.found and name not in self.wrong:
                self._read(name)
        problems = [problem(self.wrong[name]) for name in names if name in self.wrong]
        together = sum(self.found[name].size for name in names if name in self.found)
        if together > MAX_TOGETHER:
            problems.append(problem(f"its files are larger than {_megabytes(MAX_TOGETHER)} together. Send a link."))
        return problems

    def _read(self, name: str) -> None:
        try:
            self.found[name] = read_file(self.root, name)[0]
        except ValueError as error:
            self.wrong[name] = str(error)
        except OSError:
            self.wrong[name] = f"{FOLDER}/{name} cannot be read."


def content_of(root: Path, refs: Mapping[str, FileRef], content_hash: str) -> bytes | None:
    """The content of that hash, if a file of the workspace still has it."""
    for name, ref in refs.items():
        if ref.hash != content_hash:
            continue
        try:
            present, content = read_file(root, name)
        except (ValueError, OSError):
            continue
        if present.hash == content_hash:
            return content
    return None


def _megabytes(size: int) -> str:
    return f"{size // (1024 * 1024)} MB"
