"""What config/crm.yaml asks of a connection, compared with what its adapter can do: told when the file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from outreach.content.configuration import CrmSettings
from outreach.content.yaml_file import Path, YamlFile
from outreach.crm import WRITES, Abilities, Operation
from outreach.domain.crm_mapping import OnErase
from outreach.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class ConnectionSpot:
    """Where a connection stands in its file."""

    file: YamlFile
    name: str

    def error(self, message: str, remedy: str = "", *, key: str = "") -> ConfigError:
        """What is wrong with the connection; `key`: with which of its options."""
        path = (self.name, key) if key else (self.name,)
        problem = self.file.problem if key == "use" else self.file.key_problem
        return ConfigError(problem(path, message, remedy))


CrmCan = Callable[[CrmSettings, ConnectionSpot], Abilities | None]
"""A connection → what it can do; None where that cannot be known. Raises ConfigError for options that are wrong."""


def with_abilities(file: YamlFile, each: CrmSettings, can: CrmCan, problems: list[Problem]) -> CrmSettings:
    """The connection with what it can do; what it is asked for beyond that is a problem.

    Where `when` is left out, nothing is asked for that it cannot do.
    """
    try:
        abilities = can(each, ConnectionSpot(file, each.name))
    except ConfigError as error:
        problems.extend(error.problems)
        return each
    if abilities is None:
        return each
    if not _is_written(file, each.name, "when"):
        possible = {on: tuple(one for one in wanted if one in abilities.can) for on, wanted in each.when.items()}
        each = replace(each, when=possible)
    for path, operation in _asked(each):
        if operation not in abilities.can:
            problems.append(_beyond(file, path, operation, each, abilities))
    return replace(each, abilities=abilities)


def _is_written(file: YamlFile, name: str, key: str) -> bool:
    connection = file.data.get(name) if isinstance(file.data, Mapping) else None
    return isinstance(connection, Mapping) and connection.get(key) is not None


def _asked(each: CrmSettings) -> Iterator[tuple[Path, Operation]]:
    """Every operation the connection is asked for, and where. What is no write at all is told elsewhere."""
    for trigger, operations in each.when.items():
        for index, operation in enumerate(operations):
            if operation in WRITES:
                yield (each.name, "when", trigger.value, index), operation
    if each.deal and each.deal.create_on:
        yield (each.name, "deal"), Operation.DEAL
    if each.poll is not None:
        yield (each.name, "poll"), Operation.PULL
    if each.on_erase is OnErase.DELETE:
        yield (each.name, "on_erase"), Operation.FORGET


_REMEDIES = {
    Operation.DEAL: "Take it out of `when`, and remove `deal`.",
    Operation.PULL: "Remove `poll`.",
    Operation.FORGET: "Write `on_erase: task`: then a person is asked to.",
}


def _beyond(file: YamlFile, path: Path, operation: Operation, each: CrmSettings, abilities: Abilities) -> Problem:
    remedy = _REMEDIES.get(operation, "Take it out.")
    if operation is Operation.PULL:
        return file.key_problem(path, f"{each.use} cannot be read back.", remedy)
    if operation is Operation.FORGET:
        said = f"{each.use} cannot delete records: {abilities.why_not(operation)}."
        return file.key_problem(path, said, remedy)
    can = ", ".join(sorted(abilities.can & WRITES))
    message = f"{each.use} cannot do '{operation}': {abilities.why_not(operation)}. It can: {can}."
    return file.key_problem(path, message, remedy) if path[1] == "deal" else file.problem(path, message, remedy)
