"""Runs the tests of sequences: reads them, builds an engine that reaches nobody, plays each case and judges it.

It stands beside `app.py`, because it introduces a channel to the services as that does, and is used by the command
line and by the pytest plugin. It opens no account and needs no secret: every channel is one of `memory`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from outreach.accounts import policy_of
from outreach.adapters import crm_abilities
from outreach.channel import Channel
from outreach.channels.memory import Memory
from outreach.content.revision import freeze
from outreach.content.sequence_test_files import TESTS, read_tests
from outreach.content.sequence_tests import Case
from outreach.content.workspace import Workspace, load
from outreach.domain.sender import Sender
from outreach.domain.sequence import EnrollStep, Sequence, WaitStep
from outreach.errors import ConfigError, UsageError
from outreach.services.rehearsing.expectations import Sign, Verdict, judge
from outreach.services.rehearsing.play import Played
from outreach.services.rehearsing.rehearse import CaseClock, Rehearsal
from outreach.services.sending.attached import Files, in_workspace
from outreach.services.sending.engine import Engine
from outreach.store.scratch import open_scratch

_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One case and what came of it."""

    case: Case
    played: Played
    verdict: Verdict

    @property
    def is_passed(self) -> bool:
        return self.verdict.is_passed

    def story(self) -> list[str]:
        """Everything that was expected or came, in order: `-` was expected, `+` came, `!` could not happen."""
        lines = [f"{self.case.where}, times in {self.played.zone}"]
        for line in self.verdict.lines:
            place = f"  # line {line.line}" if line.line and line.sign is not Sign.SAME else ""
            lines.append(f"{line.sign} {line.text}{place}".rstrip())
        return lines


def files_of(root: Path, paths: Iterable[Path] = ()) -> list[Path]:
    """The test files at or below these paths (none: all of the workspace). Raises UsageError for a path without any."""
    wanted = list(paths) or [root / TESTS]
    found: dict[Path, None] = {}
    for path in wanted:
        inside = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path] if path.is_file() else []
        if not inside and path != root / TESTS:
            raise UsageError(f"there is no test at {path}. Tests stand in {TESTS}/*.yaml.")
        found.update(dict.fromkeys(inside))
    return list(found)


def read_files(root: Path, paths: Iterable[Path], workspace: Workspace) -> list[Case]:
    """Every case of these files. Raises ConfigError with every problem of every file."""
    cases, problems = read_tests(root, paths, workspace)
    if problems:
        raise ConfigError(*problems)
    return cases


@dataclass(slots=True)
class Stage:
    """A workspace without its accounts, and a place to play its sequences on. Close it, or use it in `with`."""

    workspace: Workspace
    _folder: Path = field(init=False)
    _open: dict[bool, Rehearsal] = field(init=False, default_factory=dict)
    _channels: dict[tuple[str, str], Channel] = field(init=False, default_factory=dict)
    _contents: dict[tuple[str, bool, bool], dict[str, Any]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="outreach-test-"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for rehearsal in self._open.values():
            rehearsal.close()
        self._open.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, cases: Iterable[Case]) -> Iterator[Result]:
        """Each case, played and judged, one after the other."""
        for case in cases:
            played = self._rehearsal(has_limits=case.has_limits).play(case, self._frozen(case))
            yield Result(case=case, played=played, verdict=judge(case, played))

    def _frozen(self, case: Case) -> Mapping[str, dict[str, Any]]:
        """The sequence of the case, and those it leads to, as they are applied for it."""
        names = _reached(self.workspace.sequences, case.sequence)
        return {name: self._frozen_one(name, case) for name in names}

    def _frozen_one(self, name: str, case: Case) -> dict[str, Any]:
        key = (name, case.has_limits, case.has_holdout)
        if key not in self._contents:
            sequence = _as_asked(self.workspace.sequences[name], case)
            changed = replace(self.workspace, sequences={**self.workspace.sequences, name: sequence})
            self._contents[key] = freeze(changed, name)
        return self._contents[key]

    def _rehearsal(self, *, has_limits: bool) -> Rehearsal:
        if has_limits not in self._open:
            self._open[has_limits] = self._opened(has_limits=has_limits)
        return self._open[has_limits]

    def _opened(self, *, has_limits: bool) -> Rehearsal:
        settings = self.workspace.settings
        senders = {name: each.sender() for name, each in settings.senders.items()}
        clock = CaseClock(_BEFORE_ALL)
        store = open_scratch(self._folder / f"{'limits' if has_limits else 'free'}.db")
        engine = Engine(
            store=store,
            clock=clock,
            senders=senders if has_limits else {name: _unlimited(each) for name, each in senders.items()},
            pipelines=self.workspace.pipelines,
            policy=policy_of(settings),
            opt_out_token=lambda touch_id: touch_id,
            files=Files(store, in_workspace(lambda: self.workspace)),
        )
        return Rehearsal(engine, clock, lambda sender, channel: self._channel(engine.sender(sender), channel))

    def _channel(self, sender: Sender, channel: str) -> Channel | None:
        """What is not connected in config/senders.yaml is a task for a person here as well."""
        if channel not in sender.channels:
            return None
        return self._channels.setdefault((sender.name, channel), Memory())


def _unlimited(sender: Sender) -> Sender:
    return replace(sender, limits={})


def _as_asked(sequence: Sequence, case: Case) -> Sequence:
    """Without jitter and hold-out, unless the case wants them; nobody reviews messages in a test."""
    steps = {
        name: replace(step, jitter=None) if isinstance(step, WaitStep) and not case.has_limits else step
        for name, step in sequence.steps.items()
    }
    return replace(sequence, steps=steps, holdout=sequence.holdout if case.has_holdout else 0.0, review=None)


def _reached(sequences: Mapping[str, Sequence], name: str) -> list[str]:
    """The sequence and those it may lead to."""
    found = [name]
    for each in found:
        steps = sequences[each].steps.values() if each in sequences else ()
        found += [step.sequence for step in steps if isinstance(step, EnrollStep) and step.sequence not in found]
    return [each for each in found if each in sequences]


def open_stage(root: Path, environ: Mapping[str, str]) -> Stage:
    """The stage for the workspace at `root`. Raises ConfigError when its files are wrong."""
    return Stage(load(root, environ, needs_secrets=False, crm_can=crm_abilities))
