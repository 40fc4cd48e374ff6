"""What config/crm.yaml and the pipelines say of each other: stages exist, and the CRMs can do what stages ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from outreach.content.configuration import CrmSettings
from outreach.content.configuration_files import Configuration
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import Path, YamlFile
from outreach.crm import WRITES, Operation
from outreach.domain.pipeline import Pipeline
from outreach.errors import Problem


def check_crm(configuration: Configuration, pipelines: Mapping[str, Pipeline], problems: list[Problem]) -> None:
    """Compare the stage mapping of every connection with the pipelines."""
    connections = configuration.settings.crm if configuration.settings else {}
    file = configuration.crm_file
    for name, connection in connections.items():
        for pipeline in connection.status.pipelines if connection.status else ():
            if pipeline not in pipelines:
                path, remedy = (name, "status", "pipelines", pipeline), did_you_mean(pipeline, pipelines)
                problems.append(file.key_problem(path, f"unknown pipeline '{pipeline}'.", remedy))
        for pipeline, stages in connection.stages.items():
            found = pipelines.get(pipeline)
            if found is None:
                remedy = did_you_mean(pipeline, pipelines)
                problems.append(file.key_problem((name, "stages", pipeline), f"unknown pipeline '{pipeline}'.", remedy))
                continue
            known = [stage.name for stage in found.stages]
            for stage in stages:
                if stage not in known:
                    message = f"unknown stage '{stage}' of the pipeline '{pipeline}'."
                    path = (name, "stages", pipeline, stage)
                    problems.append(file.key_problem(path, message, did_you_mean(stage, known)))


def check_stage_work(
    sources: Iterable[tuple[YamlFile, Pipeline]], connections: Mapping[str, CrmSettings], problems: list[Problem]
) -> None:
    """What entering a stage writes is written to every connection: each has to be able to."""
    for file, pipeline in sources:
        for number, stage in enumerate(pipeline.stages):
            for index, word in enumerate(stage.entering.get("crm", "").split()):
                path: Path = ("stages", number, "entering", "crm", index)
                problems += _cannot(file, path, Operation(word), connections)


def _cannot(file: YamlFile, path: Path, operation: Operation, connections: Mapping[str, CrmSettings]) -> list[Problem]:
    if operation not in WRITES:
        return [file.problem(path, f"'{operation}' writes nothing.", f"Write some of: {', '.join(sorted(WRITES))}.")]
    return [
        file.problem(path, f"the CRM '{name}' cannot do '{operation}': {can.why_not(operation)}.", "Take it out.")
        for name, each in connections.items()
        if (can := each.abilities) and operation not in can.can
    ]
