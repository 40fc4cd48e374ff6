"""What entering a stage asks for, compared with the rest of the workspace: the sequence and the person are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from outreach.content.pipelines import TOLD
from outreach.content.suggestions import did_you_mean, one_of
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.pipeline import Pipeline
from outreach.errors import Problem


def check_entering(
    sources: Iterable[tuple[YamlFile, Pipeline]],
    *,
    sequences: Mapping[str, str],
    senders: Collection[str],
    problems: list[Problem],
) -> None:
    """`sequences` gives the pipeline of each."""
    for file, pipeline in sources:
        for index, stage in enumerate(pipeline.stages):
            path: Path = ("stages", index, "entering")
            name = stage.entering.get("sequence")
            if name:
                _check_sequence(file, (*path, "sequence"), pipeline, sequences, problems)
            told = stage.entering.get("notify", "team")
            if told not in TOLD and "@" not in told and told not in senders:
                remedy = did_you_mean(told, senders) or one_of((*TOLD, *senders))
                problems.append(file.problem((*path, "notify"), f"unknown sender '{told}'.", remedy))


def _check_sequence(
    file: YamlFile, path: Path, pipeline: Pipeline, sequences: Mapping[str, str], problems: list[Problem]
) -> None:
    stage = pipeline.stages[int(path[1])]
    name = stage.entering["sequence"]
    if name not in sequences:
        remedy = did_you_mean(name, sequences) or one_of(sorted(sequences))
        problems.append(file.problem(path, f"unknown sequence '{name}'.", remedy))
    elif sequences[name] != pipeline.name:
        message = f"the sequence '{name}' moves leads through the pipeline '{sequences[name]}', not '{pipeline.name}'."
        problems.append(file.problem(path, message, "Name one of this pipeline."))
