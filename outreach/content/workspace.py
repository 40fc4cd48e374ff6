"""The files of a workspace as a whole: settings, pipelines, sequences, templates, compared with each other."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from outreach.content import yaml_file
from outreach.content.account_checks import Accounts, Can, check_accounts
from outreach.content.attached_files import FOLDER, AttachedFiles, FileRef
from outreach.content.cleanup_file import CLEANUP, read_cleanup
from outreach.content.configuration import Settings
from outreach.content.configuration_files import OUTREACH, Configuration, read_configuration
from outreach.content.crm_abilities import CrmCan
from outreach.content.crm_checks import check_crm, check_stage_work
from outreach.content.enroll_checks import check_enrolling
from outreach.content.expression_checks import check_sequence_expressions, check_template_expressions
from outreach.content.goals_file import GOALS, read_goals
from outreach.content.lint_allow import without_allowed
from outreach.content.lints import CODES, Used, lint_pipeline, lint_template
from outreach.content.own_fields import FieldType
from outreach.content.pipeline_checks import check_entering
from outreach.content.pipelines import read_pipeline
from outreach.content.scoring_file import SCORING, read_scoring
from outreach.content.sequence_checks import Surroundings, check_sequence
from outreach.content.sequences import SequenceDraft, build, read_sequence
from outreach.content.step_tree import every
from outreach.content.template_name import template_name
from outreach.content.templates import Template, compile_template, html_name
from outreach.content.yaml_file import YamlFile
from outreach.domain.action import find
from outreach.domain.cleanup import Cleanup
from outreach.domain.goal import Goal
from outreach.domain.pipeline import Pipeline
from outreach.domain.scoring import Scoring
from outreach.domain.sequence import Sequence
from outreach.errors import ConfigError, Problem

PIPELINES = "config/pipelines"
SEQUENCES = "sequences"
TEMPLATES = "templates"
MOST_FILES = 5_000


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


@dataclass(slots=True)
class _Reading:
    """What has been read so far, and what is wrong with it."""

    root: FilePath
    can: Can | None = None
    crm_can: CrmCan | None = None
    problems: list[Problem] = field(default_factory=list)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    pipeline_files: dict[str, str] = field(default_factory=dict)
    broken_pipelines: bool = False
    scoring: Scoring | None = None
    cleanup: Cleanup = field(default_factory=Cleanup)
    goals: tuple[Goal, ...] = ()
    drafts: list[SequenceDraft] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)
    html: dict[str, str] = field(default_factory=dict)
    compiled: dict[str, Template | None] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileRef] = field(default_factory=dict)
    pipeline_sources: list[tuple[YamlFile, Pipeline]] = field(default_factory=list)
    yaml_texts: dict[str, str] = field(default_factory=dict)
    parsed: dict[str, YamlFile] = field(default_factory=dict)


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
    workspace, problems = _read(_Reading(root.resolve(), can, crm_can), environ, needs_secrets=needs_secrets)
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
    reading = _Reading(root, can, crm_can)
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


def _warnings(reading: _Reading) -> tuple[Problem, ...]:
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
    return _senders_named(_Reading(root))


def _senders_named(reading: _Reading) -> frozenset[str]:
    """The same; the files are parsed once, and their problems are left to `_read_sequences`."""
    said = len(reading.problems)
    files = [_read_yaml(reading, path) for path in _files(reading, SEQUENCES, "*.y*ml")]
    del reading.problems[said:]
    return frozenset(name for file in files if file for name in _senders(file.data))


def _senders(data: object) -> Iterator[str]:
    """Names below `senders` and `sender`, wherever they stand."""
    if isinstance(data, list):
        for item in data:
            yield from _senders(item)
    if isinstance(data, dict):
        named = [data.get("sender"), *(data["senders"] if isinstance(data.get("senders"), list) else [])]
        yield from (name for name in named if isinstance(name, str))
        for value in data.values():
            yield from _senders(value)


def _no_such_file(root: FilePath, path: FilePath) -> Problem | None:
    name = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    if not path.exists():
        return Problem(name, 0, 0, "this file does not exist.")
    if not path.is_relative_to(root):
        return Problem(name, 0, 0, "this is not a file of the workspace.", f"The workspace is {root}.")
    return None


def _read(
    reading: _Reading, environ: Mapping[str, str], *, needs_secrets: bool
) -> tuple[Workspace | None, tuple[Problem, ...]]:
    root = reading.root
    configuration = read_configuration(
        root, environ, used_senders=_senders_named(reading), needs_secrets=needs_secrets, crm_can=reading.crm_can
    )
    _read_pipelines(reading)
    _read_scoring(reading, configuration)
    _read_cleanup(reading)
    _read_goals(reading)
    _read_templates(reading)
    _read_attachments(reading)
    _read_sequences(reading)
    reading.problems.extend(configuration.problems)
    _compare(reading, configuration)
    problems = tuple(sorted(set(reading.problems), key=lambda problem: (problem.file, problem.line, problem.column)))
    if problems or configuration.settings is None:
        return None, problems
    return _workspace(reading, configuration.settings), ()


def _workspace(reading: _Reading, settings: Settings) -> Workspace:
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
        hashes=reading.hashes | _configuration_hashes(reading.root),
    )


def _read_goals(reading: _Reading) -> None:
    path = reading.root / GOALS
    file = _read_yaml(reading, path) if path.is_file() else None
    reading.goals = read_goals(file, reading.problems) if file else ()


def _configuration_hashes(root: FilePath) -> dict[str, str]:
    paths = [path for path in sorted((root / "config").glob("*.yaml")) if path.is_file()]
    return {_name(root, path): _hash(yaml_file.read_bytes(path, name=_name(root, path))) for path in paths}


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _name(root: FilePath, path: FilePath) -> str:
    """How people call the file; bytes that are no text show as question marks."""
    return path.relative_to(root).as_posix().encode("utf-8", "replace").decode("utf-8")


def _files(reading: _Reading, folder: str, pattern: str) -> list[FilePath]:
    """The files of a folder, none of which leads out of the workspace."""
    found = [path for path in sorted((reading.root / folder).glob(pattern)) if path.is_file()]
    for path in found:
        if not path.resolve().is_relative_to(reading.root):
            message = "this link leads out of the workspace."
            reading.problems.append(Problem(_name(reading.root, path), 0, 0, message, "Copy the file here."))
    if len(found) > MOST_FILES:
        reading.problems.append(Problem(folder, 0, 0, f"there are more than {MOST_FILES} files.", "Remove some."))
    return [path for path in found[:MOST_FILES] if path.resolve().is_relative_to(reading.root)]


def _read_yaml(reading: _Reading, path: FilePath) -> YamlFile | None:
    name = _name(reading.root, path)
    if name in reading.parsed:
        return reading.parsed[name]
    try:
        raw = yaml_file.read_bytes(path, name=name)
        reading.hashes[name] = _hash(raw)
        file = yaml_file.parse(raw, name=name)
        reading.yaml_texts[name] = yaml_file.decode(raw, name=name)
        reading.parsed[name] = file
        return file
    except ConfigError as error:
        reading.problems.extend(error.problems)
        return None


def _read_pipelines(reading: _Reading) -> None:
    for path in _files(reading, PIPELINES, "*.y*ml"):
        file = _read_yaml(reading, path)
        pipeline = read_pipeline(file, reading.problems) if file else None
        if pipeline is None or file is None:
            reading.broken_pipelines = True
            continue
        other = reading.pipeline_files.setdefault(pipeline.name, file.name)
        if other != file.name:
            reading.problems.append(_named_twice(file, "pipeline", pipeline.name, other))
        reading.pipelines.setdefault(pipeline.name, pipeline)
        reading.pipeline_sources.append((file, pipeline))


def _declared(configuration: Configuration) -> Mapping[str, FieldType]:
    """The team's own fields; none where the settings cannot be read, so that nothing is unknown because of that."""
    return configuration.settings.fields if configuration.settings else {}


def _read_scoring(reading: _Reading, configuration: Configuration) -> None:
    path = reading.root / SCORING
    file = _read_yaml(reading, path) if path.is_file() else None
    if file:
        is_whole = not reading.broken_pipelines
        declared = _declared(configuration)
        reading.scoring = read_scoring(
            file, reading.pipelines, reading.problems, all_pipelines=is_whole, declared=declared
        )


def _read_cleanup(reading: _Reading) -> None:
    path = reading.root / CLEANUP
    file = _read_yaml(reading, path) if path.is_file() else None
    reading.cleanup = (read_cleanup(file, reading.problems) if file else None) or reading.cleanup


def _read_sequences(reading: _Reading) -> None:
    names: dict[str, str] = {}
    for path in _files(reading, SEQUENCES, "*.y*ml"):
        file = _read_yaml(reading, path)
        draft = read_sequence(file, reading.problems) if file else None
        if draft is None:
            continue
        other = names.setdefault(draft.name, draft.file.name)
        if other != draft.file.name:
            reading.problems.append(_named_twice(draft.file, "sequence", draft.name, other))
        reading.drafts.append(draft)


def _named_twice(file: YamlFile, what: str, name: str, other: str) -> Problem:
    return file.problem(("name",), f"the {what} '{name}' is in {other} already.", "Give it another name.")


def _read_html(reading: _Reading) -> None:
    """The HTML that templates bring themselves."""
    for path in _files(reading, TEMPLATES, "**/*.html"):
        file = _name(reading.root, path)
        name = path.relative_to(reading.root / TEMPLATES).with_suffix("").as_posix()
        if not path.with_suffix(".md").is_file():
            message = "this HTML has no text beside it."
            remedy = f"Write the text part and the subject as {file.removesuffix('.html')}.md."
            reading.problems.append(Problem(file, 0, 0, message, remedy))
        try:
            raw = yaml_file.read_bytes(path, name=file)
            reading.hashes[file] = _hash(raw)
            reading.html[name] = yaml_file.decode(raw, name=file)
        except ConfigError as error:
            reading.problems.extend(error.problems)


def _read_templates(reading: _Reading) -> None:
    _read_html(reading)
    for path in _files(reading, TEMPLATES, "**/*.md"):
        file = _name(reading.root, path)
        name = path.relative_to(reading.root / TEMPLATES).with_suffix("").as_posix()
        try:
            raw = yaml_file.read_bytes(path, name=file)
            reading.hashes[file] = _hash(raw)
            reading.templates[name] = yaml_file.decode(raw, name=file)
            source, html = reading.templates[name], reading.html.get(name)
            reading.compiled[name] = compile_template(template_name(name), source, html)
        except ConfigError as error:
            reading.compiled[name] = None
            reading.problems.extend(error.problems)
        except ValueError as error:
            reading.problems.append(Problem(file, 0, 0, str(error)))


def _read_attachments(reading: _Reading) -> None:
    """The files that templates name; what is wrong with one is said of each template that names it."""
    files = AttachedFiles(reading.root)
    for name, template in reading.compiled.items():
        if template and template.files:
            file = f"{TEMPLATES}/{name}.md"
            reading.problems += files.check(template.files, lambda said, file=file: Problem(file, 0, 0, said))  # type: ignore[misc]
    reading.files = files.found
    reading.hashes |= {f"{FOLDER}/{name}": ref.hash for name, ref in files.found.items()}


def _compare(reading: _Reading, configuration: Configuration) -> None:
    senders = configuration.senders_file.data
    around = Surroundings(
        templates=reading.compiled,
        texts=reading.templates,
        pipelines=reading.pipelines,
        settings=configuration.settings,
        senders=tuple(senders) if isinstance(senders, dict) else (),
        broken_pipelines=reading.broken_pipelines,
    )
    declared = _declared(configuration)
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


def _check_pipelines(reading: _Reading, senders: Collection[str]) -> None:
    """Asked only where every sequence could be read: one that is broken is not unknown."""
    sequences = {draft.name: draft.model.pipeline for draft in reading.drafts}
    if len(list(_files(reading, SEQUENCES, "*.y*ml"))) == len(sequences):
        check_entering(reading.pipeline_sources, sequences=sequences, senders=senders, problems=reading.problems)


def _check_organisation(reading: _Reading, configuration: Configuration) -> None:
    if configuration.settings is None or configuration.settings.organisation:
        return
    mailing = next((draft for draft in reading.drafts if _sends_mail(draft)), None)
    if mailing:
        message = f"'organisation' is missing, and the sequence '{mailing.name}' sends e-mail."
        remedy = 'Write `organisation: {name: Example Ltd, postal_address: "1 Example St, Istanbul"}`.'
        reading.problems.append(Problem(OUTREACH, 0, 0, message, remedy))


def _sends_mail(draft: SequenceDraft) -> bool:
    return any(node.kind == "email" for node in every(draft.steps))
