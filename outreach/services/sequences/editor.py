"""Help for editors: JSON Schemas of every file people write, and the settings that tell which is for which."""

from __future__ import annotations

import json
from pathlib import Path

from outreach.content.schemas import editor_settings, schemas
from outreach.errors import UsageError

FOLDER = ".vscode/schemas"
SETTINGS = ".vscode/settings.json"


def files() -> dict[str, bytes]:
    """What a new workspace gets: name → content."""
    made = {f"{FOLDER}/{name}.json": _json(schema) for name, schema in schemas().items()}
    return made | {SETTINGS: _json(editor_settings(f"./{FOLDER}"))}


def write_schemas(directory: Path) -> list[Path]:
    """Write every schema into the directory; their paths. Raises UsageError where that cannot be written to."""
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, schema in schemas().items():
            written.append(directory / f"{name}.json")
            written[-1].write_bytes(_json(schema))
    except OSError as error:
        raise UsageError(f"{directory} cannot be written to: {error.strerror or error}.") from None
    return written


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
