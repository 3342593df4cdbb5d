"""The edge between a program and the step that runs it: its connection, its input, its output, its exit code.

Nothing else of MITRARR knows of Esteira: domain and use cases get plain values.
"""
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn


class Stop(Exception):
    """Ends the program with a sentence and the exit code that tells Esteira what to do about it."""

    code = 1


class Transient(Stop):
    """Trying again later may help."""

    code = 75


class WrongConfiguration(Stop):
    """The operator has to change something first."""

    code = 78


class WrongData(Stop):
    """The same data would be refused again."""

    code = 65


class CredentialRefused(Stop):
    """The other side does not take the credential, or no longer."""

    code = 77


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to, and the secrets for it; those are never shown."""

    address: Mapping[str, object]
    secrets: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str:
        """A member of the address that has to be there."""
        value = self.address.get(name)
        if not isinstance(value, str) or not value:
            raise WrongConfiguration(f"the connection's address has no {name}")
        return value

    def secret(self, name: str) -> str:
        """A member of the credential that has to be there."""
        if not (value := self.secrets.get(name, "")):
            raise WrongConfiguration(f"the connection's credential has no {name}")
        return value


def connection() -> Connection:
    """The connection of the step, from the descriptor that it arrives in; it can be read once."""
    descriptor = os.environ.get("ESTEIRA_CONNECTION_FD")
    if descriptor is None:
        raise WrongConfiguration("the step has no connection")
    with open(int(descriptor), encoding="utf-8") as file:
        document = json.load(file)
    return Connection(document.get("address", {}), document.get("credential", {}).get("values", {}))


def data() -> Mapping[str, object]:
    """What the step says under `data`."""
    with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
        value = json.load(file)
    if not isinstance(value, dict):
        raise WrongConfiguration("the step says no map under data")
    return value


def lines() -> Iterator[str]:
    """The lines of standard input: a slice of `for_each: {lines}` comes as a JSON list of texts, a whole
    artifact as it is."""
    text = sys.stdin.read()
    if text.lstrip().startswith("["):
        yield from json.loads(text)
    else:
        yield from (line for line in text.splitlines() if line.strip())


def artifact(name: str) -> Path:
    """Where to write an artifact of the step."""
    return Path(os.environ["ESTEIRA_ARTIFACTS"]) / name


def file(name: str) -> Path:
    """A file that the step names under `files`."""
    return Path(os.environ["ESTEIRA_FILES"]) / name


def output(value: Mapping[str, object]) -> None:
    """The output of the step."""
    with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as target:
        json.dump(value, target, ensure_ascii=False)


def key() -> str:
    """The same for every attempt of this step of this job."""
    return os.environ["ESTEIRA_STEP_KEY"]


def job() -> str:
    """The job's id."""
    return os.environ["ESTEIRA_JOB_ID"]


def run(main: Callable[[], None]) -> NoReturn:
    """Runs a program to its exit code."""
    try:
        main()
    except Stop as stop:
        print(stop, file=sys.stderr)
        sys.exit(stop.code)
    sys.exit(0)
