"""Reading the files of a workspace, one kind after the other; what is wrong with one is kept beside what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from outreach.content import yaml_file
from outreach.content.account_checks import Can
from outreach.content.attached_files import FOLDER, AttachedFiles, FileRef
from outreach.content.cleanup_file import CLEANUP, read_cleanup
from outreach.content.configuration_files import Configuration
from outreach.content.crm_abilities import CrmCan
from outreach.content.goals_file import GOALS, read_goals
from outreach.content.own_fields import FieldType
from outreach.content.pipelines import read_pipeline
from outreach.content.scoring_file import SCORING, read_scoring
from outreach.content.sequences import SequenceDraft, read_sequence
from outreach.content.template_name import template_name
from outreach.content.templates import Template, compile_template
from outreach.content.yaml_file import YamlFile
from outreach.domain.cleanup import Cleanup
from outreach.domain.goal import Goal
from outreach.domain.pipeline import Pipeline
from outreach.domain.scoring import Scoring
from outreach.errors import ConfigError, Problem

PIPELINES = "config/pipelines"
SEQUENCES = "sequences"
TEMPLATES = "templates"
MOST_FILES = 5_000


@dataclass(slots=True)
class Reading:
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


def read_the_goals(reading: Reading) -> None:
    path = reading.root / GOALS
    file = _read_yaml(reading, path) if path.is_file() else None
    reading.goals = read_goals(file, reading.problems) if file else ()


def configuration_hashes(root: FilePath) -> dict[str, str]:
    paths = [path for path in sorted((root / "config").glob("*.yaml")) if path.is_file()]
    return {_name(root, path): _hash(yaml_file.read_bytes(path, name=_name(root, path))) for path in paths}


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _name(root: FilePath, path: FilePath) -> str:
    """How people call the file; bytes that are no text show as question marks."""
    return path.relative_to(root).as_posix().encode("utf-8", "replace").decode("utf-8")


def files_of(reading: Reading, folder: str, pattern: str) -> list[FilePath]:
    """The files of a folder, none of which leads out of the workspace."""
    found = [path for path in sorted((reading.root / folder).glob(pattern)) if path.is_file()]
    for path in found:
        if not path.resolve().is_relative_to(reading.root):
            message = "this link leads out of the workspace."
            reading.problems.append(Problem(_name(reading.root, path), 0, 0, message, "Copy the file here."))
    if len(found) > MOST_FILES:
        reading.problems.append(Problem(folder, 0, 0, f"there are more than {MOST_FILES} files.", "Remove some."))
    return [path for path in found[:MOST_FILES] if path.resolve().is_relative_to(reading.root)]


def _read_yaml(reading: Reading, path: FilePath) -> YamlFile | None:
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


def read_pipelines(reading: Reading) -> None:
    for path in files_of(reading, PIPELINES, "*.y*ml"):
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


def declared_fields(configuration: Configuration) -> Mapping[str, FieldType]:
    """The team's own fields; none where the settings cannot be read, so that nothing is unknown because of that."""
    return configuration.settings.fields if configuration.settings else {}


def read_the_scoring(reading: Reading, configuration: Configuration) -> None:
    path = reading.root / SCORING
    file = _read_yaml(reading, path) if path.is_file() else None
    if file:
        is_whole = not reading.broken_pipelines
        declared = declared_fields(configuration)
        reading.scoring = read_scoring(
            file, reading.pipelines, reading.problems, all_pipelines=is_whole, declared=declared
        )


def read_the_cleanup(reading: Reading) -> None:
    path = reading.root / CLEANUP
    file = _read_yaml(reading, path) if path.is_file() else None
    reading.cleanup = (read_cleanup(file, reading.problems) if file else None) or reading.cleanup


def read_sequences(reading: Reading) -> None:
    names: dict[str, str] = {}
    for path in files_of(reading, SEQUENCES, "*.y*ml"):
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


def _read_html(reading: Reading) -> None:
    """The HTML that templates bring themselves."""
    for path in files_of(reading, TEMPLATES, "**/*.html"):
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


def read_templates(reading: Reading) -> None:
    _read_html(reading)
    for path in files_of(reading, TEMPLATES, "**/*.md"):
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


def read_attachments(reading: Reading) -> None:
    """The files that templates name; what is wrong with one is said of each template that names it."""
    files = AttachedFiles(reading.root)
    for name, template in reading.compiled.items():
        if template and template.files:
            file = f"{TEMPLATES}/{name}.md"
            reading.problems += files.check(template.files, lambda said, file=file: Problem(file, 0, 0, said))  # type: ignore[misc]
    reading.files = files.found
    reading.hashes |= {f"{FOLDER}/{name}": ref.hash for name, ref in files.found.items()}


def senders_named(reading: Reading) -> frozenset[str]:
    """The same; the files are parsed once, and their problems are left to `read_sequences`."""
    said = len(reading.problems)
    files = [_read_yaml(reading, path) for path in files_of(reading, SEQUENCES, "*.y*ml")]
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
