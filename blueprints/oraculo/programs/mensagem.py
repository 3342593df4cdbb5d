"""The messages of ORÁCULO: made in one place, and checked against `schemas/mensagem_schema.json` wherever they pass.

The checker knows the words that the schemas of this folder use, and refuses a schema with any other: a word that
nobody checks would be a promise that nobody keeps.
"""

import datetime
import json
import re

TYPES = {"object": dict, "array": list, "string": str}
WORDS = {"$schema", "title", "type", "required", "additionalProperties", "properties", "pattern", "enum", "format",
         "items", "minLength"}


class Invalid(Exception):
    pass


def read_schema(path):
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    check_words(schema)
    return schema


def check_words(schema):
    if unknown := set(schema) - WORDS:
        raise Invalid(f"the schema says {', '.join(sorted(unknown))}, which is not checked here")
    for part in [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]:
        check_words(part)


def check(value, schema, place="message"):
    """Raises Invalid with the place of the first fault."""
    kind = schema.get("type")
    if kind and not isinstance(value, TYPES[kind]):
        raise Invalid(f"{place} is no {kind}")
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{place} is {value!r}, none of {', '.join(schema['enum'])}")
    if isinstance(value, str):
        check_text(value, schema, place)
    elif isinstance(value, dict):
        if missing := [name for name in schema.get("required", []) if name not in value]:
            raise Invalid(f"{place} has no {', '.join(missing)}")
        known = schema.get("properties", {})
        if schema.get("additionalProperties") is False and (more := set(value) - set(known)):
            raise Invalid(f"{place} has {', '.join(sorted(more))} too")
        for name, part in known.items():
            if name in value:
                check(value[name], part, f"{place}.{name}")
    elif isinstance(value, list) and "items" in schema:
        for number, part in enumerate(value):
            check(part, schema["items"], f"{place}[{number}]")


def check_text(value, schema, place):
    if len(value) < schema.get("minLength", 0):
        raise Invalid(f"{place} is too short")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise Invalid(f"{place} is {value!r}, which does not match {schema['pattern']}")
    if schema.get("format") == "date-time":
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise Invalid(f"{place} is {value!r}, which is no moment such as 2025-10-14T12:00:00Z")


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(correlation, kind, payload):
    return {"correlation_id": correlation, "tipo_evento": kind, "payload": payload, "timestamp": now()}
