"""Makes `connector.yaml` of a class, and finds the class of a folder."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import sys
from typing import List, Type

from .connector import Connector


def text(connector: Type[Connector], program: str = "main.py") -> str:
    """The manifest; YAML whose values are JSON."""
    schema = connector().get_schema()
    values = {
        "apiVersion": "esteira-connector/v1", "name": connector.name, "version": connector.version,
        "title": connector.title or connector.name, "level": 2, "command": [program], "effect": connector.effect,
        "checkpoints": connector.checkpoints, "timeout": connector.timeout, "heartbeat": connector.heartbeat,
    }
    if connector.environment:
        values["environment"] = connector.environment
    if connector.connection:
        values["connection"] = {"kind": connector.connection}
    values["with"] = schema.with_
    values["output"] = schema.output
    test = {"with": connector.test_with, "bad": connector.test_bad, "slow": connector.test_slow}
    values["test"] = {name: value for name, value in test.items() if value is not None}
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "# Made by `esteira-sdk manifest` from the class in " + program + ".\n" + "\n".join(lines) + "\n"


def find(path: str) -> Type[Connector]:
    """The one connector that the program of a folder defines."""
    program = os.path.join(path, "main.py") if os.path.isdir(path) else path
    specification = importlib.util.spec_from_file_location("esteira_connector_program", program)
    if specification is None or specification.loader is None or not os.path.exists(program):
        raise SystemExit(f"There is no program {program}. Make one: esteira-sdk new acme.orders {path}")
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    sys.dont_write_bytecode = True
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    found: List[Type[Connector]] = [
        value for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Connector) and not inspect.isabstract(value)
    ]
    if len(found) != 1:
        raise SystemExit(f"{program} defines {len(found)} connectors; it has to define one.")
    return found[0]
