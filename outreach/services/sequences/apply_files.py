"""What `apply` does with the files of a workspace: which sequences change, and which files count as applied then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outreach.content.revision import freeze, templates_of
from outreach.content.suggestions import did_you_mean
from outreach.content.workspace import Workspace
from outreach.errors import UsageError
from outreach.services.sending import attached
from outreach.services.sending.engine import Engine
from outreach.services.sequences import revise
from outreach.services.watching.plain import plain

_CONFIG = "config/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What is about to be applied. `files` are those that differ from what was applied, were added or are gone."""

    changes: tuple[revise.Change, ...]
    files: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.files and not any(change.is_changed for change in self.changes)

    @property
    def people_behind(self) -> int:
        """Everybody who is inside and not on the revision that this would make."""
        return sum(change.people_behind for change in self.changes)

    def to_json(self) -> Any:
        return plain(self)


def pending(engine: Engine, workspace: Workspace, names: Sequence[str] = ()) -> Pending:
    """What applying these sequences (none: all) would do. Raises UsageError for a name no file has."""
    contents = contents_of(workspace, names)
    with engine.store.read() as connection:
        applied = revise.applied_hashes(connection)
    hashes = _hashes(workspace, names, applied)
    files = sorted(name for name in {*applied, *hashes} if applied.get(name) != hashes.get(name))
    return Pending(changes=tuple(revise.compare(engine, contents)), files=tuple(files))


def apply(
    engine: Engine,
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    by: str,
    targets: Mapping[str, str] | None = None,
) -> list[revise.Change]:
    """Store a revision of each changed sequence; new enrollments begin with it.

    The others keep theirs, unless there are `targets` (may be empty): see `revise.apply`.
    """
    contents = contents_of(workspace, names)
    with engine.store.read() as connection:
        applied = revise.applied_hashes(connection)
    engine.store.write(lambda connection: attached.keep(connection, workspace, contents.values(), engine.clock.now()))
    return revise.apply(engine, contents, hashes=_hashes(workspace, names, applied), by=by, targets=targets)


def contents_of(workspace: Workspace, names: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """The revisions that applying these sequences (none: all) would make. Raises UsageError for a name no file has."""
    for name in names:
        if name not in workspace.sequences:
            raise UsageError(f"no file has the sequence '{name}'. {did_you_mean(name, workspace.sequences)}".strip())
    return {name: freeze(workspace, name) for name in names or workspace.sequences}


def _hashes(workspace: Workspace, names: Sequence[str], applied: Mapping[str, str]) -> dict[str, str]:
    """With names: configuration, those sequences and their templates are of now, everything else as it was applied."""
    if not names:
        return dict(workspace.hashes)
    fresh = {name for name in workspace.hashes if name.startswith(_CONFIG)}
    for name in names:
        fresh |= {f"sequences/{name}.{ending}" for ending in ("yaml", "yml")}
        templates = templates_of(workspace.sequences[name])
        fresh |= {f"templates/{template}.{ending}" for template in templates for ending in ("md", "html")}
    kept = {name: found for name, found in applied.items() if name in workspace.hashes and name not in fresh}
    return kept | {name: found for name, found in workspace.hashes.items() if name in fresh}
