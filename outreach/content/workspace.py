"""The files of a workspace as a whole: settings, pipelines, sequences, templates, compared with each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from outreach.content.account_checks import Accounts, Can, check_accounts
from outreach.content.attached_files import FileRef
from outreach.content.configuration import Settings
from outreach.content.configuration_files import OUTREACH, Configuration, read_configuration
from outreach.content.crm_abilities import CrmCan
from outreach.content.crm_checks import check_crm, check_stage_work
from outreach.content.enroll_checks import check_enrolling
from outreach.content.expression_checks import check_sequence_expressions, check_template_expressions
from outreach.content.lint_allow import without_allowed
from outreach.content.lints import CODES, Used, lint_pipeline, lint_template
from outreach.content.pipeline_checks import check_entering
from outreach.content.sequence_checks import Surroundings, check_sequence
from outreach.content.sequences import SequenceDraft, build
from outreach.content.step_tree import every
from outreach.content.templates import html_name
from outreach.content.workspace_files import (
    SEQUENCES,
    TEMPLATES,
    Reading,
    configuration_hashes,
    declared_fields,
    files_of,
    read_attachments,
    read_pipelines,
    read_sequences,
    read_templates,
    read_the_cleanup,
    read_the_goals,
    read_the_scoring,
    senders_named,
)
from outreach.domain.action import find
from outreach.domain.cleanup import Cleanup
from outreach.domain.goal import Goal
from outreach.domain.pipeline import Pipeline
from outreach.domain.scoring import Scoring
from outreach.domain.sequence import Sequence
from outreach.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Everything the files of a workspace say. `templates` holds sources, `hashes` SHA-256 by file.

    Sources have the name of their template, the HTML it brings itself `<name>.html`.
    """

    root: FilePath
    settings: Settings
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)
    scoring: Scoring | None = None
    cleanup: Cleanup = field(default_factory=Cleanup)
    sequences: Mapping[str, Sequence] = field(default_factory=dict)
    goals: tuple[Goal, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, FileRef] = field(default_factory=dict)  # that templates name, below attachments/
    hashes: Mapping[str, str] = field(default_factory=dict, repr=False)


def load(
    root: FilePath,
    environ: Mapping[str, str],
    *,
    needs_secrets: bool = True,
    can: Can | None = None,
    crm_can: CrmCan | None = None,
) -> Workspace:
    """Read every file of the workspace at `root`. Raises ConfigError with every problem of every file.

    Variables that are named by a file and not set are problems, for senders only if a sequence uses them.
    `needs_secrets=False` is for commands that reach nobody: such variables are then left alone. `can` tells what the
    adapters of accounts do, so that steps they cannot do are problems as well; `crm_can` those of CRMs.
    """
    workspace, problems = _read(Reading(root.resolve(), can, crm_can), environ, needs_secrets=needs_secrets)
    if problems or workspace is None:
        raise ConfigError(*problems)
    return workspace


@dataclass(frozen=True, slots=True)
class Looked:
    """What is wrong with the files, and what could be better."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    workspace: Workspace | None = None  # None: its files are wrong


def validate(
    root: FilePath, environ: Mapping[str, str], paths: Iterable[FilePath] = (), *, needs_secrets: bool = True
) -> tuple[Problem, ...]:
    """Every problem of the workspace, or only of files at or below `paths`. Empty: everything is fine."""
    return look(root, environ, paths, needs_secrets=needs_secrets).problems


def look(
    root: FilePath,
    environ: Mapping[str, str],
    paths: Iterable[FilePath] = (),
    *,
    needs_secrets: bool = True,
    can: Can | None = None,
    crm_can: CrmCan | None = None,
) -> Looked:
    """The same, and every warning that no comment allows. `can`, `crm_can`: see `load`."""
    root = root.resolve()
    wanted = [path if path.is_absolute() else root / path for path in paths]
    reading = Reading(root, can, crm_can)
    workspace, problems = _read(reading, environ, needs_secrets=needs_secrets)
    warnings = _warnings(reading)
    if not wanted:
        return Looked(problems, warnings, workspace)
    strange = [problem for path in wanted if (problem := _no_such_file(root, path))]
    return Looked((*strange, *inside(root, problems, wanted)), inside(root, warnings, wanted), workspace)


def inside(root: FilePath, problems: Iterable[Problem], wanted: Iterable[FilePath]) -> tuple[Problem, ...]:
    """Those of files at or below these paths."""
    wanted = list(wanted)
    return tuple(each for each in problems if any((root / each.file).is_relative_to(path) for path in wanted))


def _warnings(reading: Reading) -> tuple[Problem, ...]:
    found: list[Problem] = []
    texts = {f"{TEMPLATES}/{name}.md": source for name, source in reading.templates.items()}
    used = _uses(reading.drafts)
    for name, source in reading.templates.items():
        found += lint_template(f"{TEMPLATES}/{name}.md", source, used.get(name, Used()))
    for file, pipeline in reading.pipeline_sources:
        found += lint_pipeline(file, pipeline)
    return tuple(without_allowed(found, texts | reading.yaml_texts, CODES))


def _uses(drafts: Iterable[SequenceDraft]) -> dict[str, Used]:
    kinds = [(name, node.kind) for draft in drafts for node in every(draft.steps) for _, name in node.templates]
    found: dict[str, Used] = {}
    for name, kind in kinds:
        before = found.get(name, Used())
        action = find(kind)
        found[name] = Used(
            is_mail=before.is_mail or kind == "email",
            is_approved=before.is_approved or kind == "whatsapp.template",
            longest=_shortest(before.longest, action.longest if action else None),
        )
    return found


def _shortest(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def senders_in_use(root: FilePath) -> frozenset[str]:
    """Every sender some sequence file names. What is wrong with a file is told elsewhere."""
    return senders_named(Reading(root))


def _no_such_file(root: FilePath, path: FilePath) -> Problem | None:
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    if not path.exists():
        return Problem(name, 0, 0, "this file does not exist.")
    if not path.is_relative_to(root):
        return Problem(name, 0, 0, "this is not a file of the workspace.", f"The workspace is {root}.")
    return None


def _read(
    reading: Reading, environ: Mapping[str, str], *, needs_secrets: bool
) -> tuple[Workspace | None, tuple[Problem, ...]]:
    root = reading.root
    configuration = read_configuration(
        root, environ, used_senders=senders_named(reading), needs_secrets=needs_secrets, crm_can=reading.crm_can
    )
    read_pipelines(reading)
    read_the_scoring(reading, configuration)
    read_the_cleanup(reading)
    read_the_goals(reading)
    read_templates(reading)
    read_attachments(reading)
    read_sequences(reading)
    reading.problems.extend(configuration.problems)
    _compare(reading, configuration)
    problems = tuple(sorted(set(reading.problems), key=lambda problem: (problem.file, problem.line, problem.column)))
    if problems or configuration.settings is None:
        return None, problems
    return _workspace(reading, configuration.settings), ()


def _workspace(reading: Reading, settings: Settings) -> Workspace:
    built = [build(draft, settings.schedules) for draft in reading.drafts]
    return Workspace(
        root=reading.root,
        settings=settings,
        pipelines=reading.pipelines,
        scoring=reading.scoring,
        cleanup=reading.cleanup,
        goals=reading.goals,
        sequences={sequence.name: sequence for sequence in built if sequence},
        templates=reading.templates | {html_name(name): source for name, source in reading.html.items()},
        files=reading.files,
        hashes=reading.hashes | configuration_hashes(reading.root),
    )


def _compare(reading: Reading, configuration: Configuration) -> None:
    senders = configuration.senders_file.data
    around = Surroundings(
        templates=reading.compiled,
        texts=reading.templates,
        pipelines=reading.pipelines,
        settings=configuration.settings,
        senders=tuple(senders) if isinstance(senders, dict) else (),
        broken_pipelines=reading.broken_pipelines,
    )
    declared = declared_fields(configuration)
    check_template_expressions(reading.compiled, declared, reading.problems)
    for draft in reading.drafts:
        check_sequence(draft, around, reading.problems)
        check_sequence_expressions(draft, declared, reading.problems)
        if reading.can and configuration.settings:
            accounts = Accounts(configuration.settings.senders, reading.can, reading.compiled)
            check_accounts(draft, accounts, reading.problems)
    check_enrolling(reading.drafts, reading.problems)
    _check_pipelines(reading, around.senders)
    _check_organisation(reading, configuration)
    if configuration.settings and not reading.broken_pipelines:
        check_crm(configuration, reading.pipelines, reading.problems)
        check_stage_work(reading.pipeline_sources, configuration.settings.crm, reading.problems)


def _check_pipelines(reading: Reading, senders: Collection[str]) -> None:
    """Asked only where every sequence could be read: one that is broken is not unknown."""
    sequences = {draft.name: draft.model.pipeline for draft in reading.drafts}
    if len(list(files_of(reading, SEQUENCES, "*.y*ml"))) == len(sequences):
        check_entering(reading.pipeline_sources, sequences=sequences, senders=senders, problems=reading.problems)


def _check_organisation(reading: Reading, configuration: Configuration) -> None:
    if configuration.settings is None or configuration.settings.organisation:
        return
    mailing = next((draft for draft in reading.drafts if _sends_mail(draft)), None)
    if mailing:
        message = f"'organisation' is missing, and the sequence '{mailing.name}' sends e-mail."
        remedy = 'Write `organisation: {name: Example Ltd, postal_address: "1 Example St, Istanbul"}`.'
        reading.problems.append(Problem(OUTREACH, 0, 0, message, remedy))


def _sends_mail(draft: SequenceDraft) -> bool:
    return any(node.kind == "email" for node in every(draft.steps))
