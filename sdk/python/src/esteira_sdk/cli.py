"""`esteira-sdk new | manifest | test | run | bridge`."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from typing import Callable, List, Optional, Tuple, Type

from . import manifest
from .connector import Connector
from .runtime import run_plain
from .testing import Engine, Outcome

BRIDGES = {
    "singer.sync": ("singer", "SingerSync"), "dagster.pipes": ("dagster_pipes", "DagsterPipes"),
    "airbyte.sync": ("airbyte", "AirbyteSync"),
}

TEMPLATE = '''"""{name}: counts lines of a text, as an example. Change it into your own."""

from esteira_sdk import BadData, Connector, ConnectorResult, LogEntry, Progress, Schema, run


class {kind}(Connector):
    name = "{name}"
    version = "1.0.0"
    title = "Counts lines"
    effect = "pure"
    checkpoints = True
    test_with = {{"text": "one\\ntwo\\nthree"}}
    test_bad = {{"text": ""}}
    test_slow = {{"text": "one\\ntwo\\nthree", "pause": 10}}

    def __init__(self):
        self.progress = Progress(done=0)

    def get_schema(self):
        return Schema(
            with_={{
                "type": "object",
                "properties": {{
                    "text": {{"type": "string", "description": "What is counted."}},
                    "pause": {{"type": "number", "minimum": 0, "default": 0, "description": "Seconds a line."}},
                }},
                "required": ["text"],
                "additionalProperties": False,
            }},
            output={{
                "type": "object",
                "properties": {{"rows_processed": {{"type": "integer"}}, "longest": {{"type": "integer"}}}},
                "required": ["rows_processed", "longest"],
            }})

    def validate(self, parameters):
        return [] if parameters["text"] else ["text is empty: there is nothing to count."]

    def execute(self, parameters, log_callback):
        lines = parameters["text"].splitlines()
        state = self.context.checkpoint or {{"line": 0, "longest": 0}}
        self.progress = Progress(done=state["line"], total=len(lines))
        log_callback(LogEntry("info", f"Beginning at line {{state['line']}} of {{len(lines)}}"))
        for number in range(state["line"], len(lines)):
            self.context.wait(parameters.get("pause", 0))
            state = {{"line": number + 1, "longest": max(state["longest"], len(lines[number]))}}
            self.progress = Progress(done=number + 1, total=len(lines))
            self.context.save(state)
        return ConnectorResult(rows_processed=state["line"], output={{"longest": state["longest"]}})

    def get_progress(self):
        return self.progress


if __name__ == "__main__":
    run({kind})
'''

BRIDGE = '''"""{name}: runs programs of another ecosystem unchanged."""

from esteira_sdk import run
from esteira_sdk.bridges.{module} import {kind}

if __name__ == "__main__":
    run({kind})
'''


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="esteira-sdk", description="Connectors for Esteira in Python.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="makes a folder with an example that works")
    new.add_argument("name", help="such as acme.orders")
    new.add_argument("folder")
    bridge = commands.add_parser("bridge", help="makes a folder that runs programs of another ecosystem")
    bridge.add_argument("name", choices=sorted(BRIDGES))
    bridge.add_argument("folder")
    for name, help_ in (("manifest", "writes connector.yaml from the class"),
                        ("test", "plays the engine for the connector of a folder"),
                        ("run", "runs it as a plain script; what follows goes to it")):
        command = commands.add_parser(name, help=help_)
        command.add_argument("folder", nargs="?", default=".")
    choice, rest = parser.parse_known_args(arguments)
    if rest and choice.command != "run":
        parser.error(f"unknown: {' '.join(rest)}")
    if choice.command == "new":
        if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}", choice.name):
            parser.error(f"{choice.name} is no name of a connector: write two to four words such as acme.orders")
        kind = "".join(part.capitalize() for part in choice.name.replace("_", ".").split("."))
        return make(choice.folder, TEMPLATE.format(name=choice.name, kind=kind))
    if choice.command == "bridge":
        module, kind = BRIDGES[choice.name]
        return make(choice.folder, BRIDGE.format(name=choice.name, module=module, kind=kind))
    connector = manifest.find(choice.folder)
    if choice.command == "manifest":
        path = os.path.join(choice.folder, "connector.yaml")
        write(path, manifest.text(connector))
        print(f"{path}: {connector.name} {connector.version}")
        return 0
    if choice.command == "run":
        return run_plain(connector(), rest)
    return test(choice.folder, connector)


def make(folder: str, program: str) -> int:
    """With a copy of this package in it, so that the folder needs nothing installed."""
    if os.path.exists(folder) and os.listdir(folder):
        print(f"{folder} is not empty: name a folder that is not there yet.", file=sys.stderr)
        return 1
    os.makedirs(folder, exist_ok=True)
    write(os.path.join(folder, "main.py"), program)
    package = os.path.dirname(os.path.abspath(__file__))
    shutil.copytree(package, os.path.join(folder, "esteira_sdk"), ignore=shutil.ignore_patterns("__pycache__"))
    connector = manifest.find(folder)
    write(os.path.join(folder, "connector.yaml"), manifest.text(connector))
    print(f"{folder}: {connector.name}. Try it: esteira connector test {folder}")
    return 0


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


Rule = Tuple[str, Callable[[], Optional[str]]]


def test(folder: str, connector: Type[Connector]) -> int:
    """A quick look without a server; `esteira connector test` is the whole kit."""
    engine = Engine(folder)
    failed = 0
    for title, rule in rules(engine, folder, connector):
        fault = rule()
        failed += fault is not None
        print(f"{'ok    ' if fault is None else 'FAILED'} {title}{'' if fault is None else ': ' + fault}")
    return 1 if failed else 0


def rules(engine: Engine, folder: str, connector: Type[Connector]) -> List[Rule]:
    def manifest_agrees() -> Optional[str]:
        with open(os.path.join(folder, "connector.yaml"), encoding="utf-8") as file:
            return None if file.read() == manifest.text(connector) else "run `esteira-sdk manifest`"

    def executes() -> Optional[str]:
        return reason(engine.run(connector.test_with))

    def resumes() -> Optional[str]:
        whole = engine.run(connector.test_with)
        killed = engine.run(connector.test_with, kill_when=lambda message: message["method"] == "checkpoint")
        if not killed.checkpoints:
            return "it saved no checkpoint"
        again = engine.run(connector.test_with, checkpoint=killed.checkpoints[0])
        return reason(again) or (None if again.output == whole.output else f"{again.output} is not {whole.output}")

    def refuses() -> Optional[str]:
        outcome = engine.run(connector.test_bad or {})
        if outcome.problems or (outcome.error or {}).get("class") in ("data", "configuration"):
            return None
        return "it took test_bad"

    def stops() -> Optional[str]:
        outcome = engine.run(connector.test_slow or {}, cancel_when=lambda message: True)
        return None if outcome.seconds_to_stop <= 5 else f"it took {outcome.seconds_to_stop:.1f} s"

    found: List[Rule] = [("the manifest is that of the class", manifest_agrees), ("ends well", executes)]
    if connector.checkpoints:
        found.append(("goes on from a checkpoint", resumes))
    if connector.test_bad is not None:
        found.append(("refuses bad input", refuses))
    if connector.test_slow is not None:
        found.append(("stops within 5 s", stops))
    return found


def reason(outcome: Outcome) -> Optional[str]:
    if outcome.problems:
        return "; ".join(outcome.problems)
    if outcome.error:
        return f"{outcome.error['class']}: {outcome.error['message']}"
    return None if outcome.output is not None else f"it ended with code {outcome.exit_code} and no result"
