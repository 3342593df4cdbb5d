"""What schemathesis does besides its own checks. `test_api.py` starts it, and says in the environment:

API_TEST_PROTECTED  the ids and names of the account and the token in use, as a JSON list
API_TEST_GRANTED    what the caller may do, as a JSON list of permissions; unset: everything
"""

import ast
import json
import os
import sys
import threading

import schemathesis

# Hypothesis reads the source of what it calls, in each of the workers' threads. Before these versions CPython
# counts the depth of all threads' trees in one place, and a collection of garbage in the midst of a tree lets
# another thread in: "AST constructor recursion depth mismatch" (gh-106905). So they take turns there.
if sys.version_info < (3, 11, 8) or (3, 12) <= sys.version_info < (3, 12, 2):
    turns, parse = threading.RLock(), ast.parse

    def parse_in_turn(*arguments, **named):
        with turns:
            return parse(*arguments, **named)

    ast.parse = parse_in_turn

PROTECTED = set(json.loads(os.environ["API_TEST_PROTECTED"]))
GRANTED = json.loads(os.environ.get("API_TEST_GRANTED", "null"))

# Answers that say nothing but that the caller may not, or that the input was no input: whoever may not do a
# thing must not learn from another status how the thing is.
SILENT = {400, 401, 403, 404, 405, 413, 414, 415, 429}


def spared(value):
    """The same without the ids that would end the test: those of who makes it."""
    if isinstance(value, str):
        return "somebody-else" if value in PROTECTED else value
    if isinstance(value, dict):
        return {name: spared(member) for name, member in value.items()}
    if isinstance(value, list):
        return [spared(member) for member in value]
    return value


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.path_parameters:
        case.path_parameters = spared(case.path_parameters)
    if isinstance(case.body, (dict, list)):
        case.body = spared(case.body)


def is_granted(permission):
    if permission in ("none", "signed in") or GRANTED is None:
        return True
    resource, verb = permission.split(":")
    return any(word in GRANTED for word in (permission, f"{resource}:*", f"*:{verb}", "*:*"))


@schemathesis.check
def nothing_is_done_that_is_not_granted(ctx, response, case):
    permission = case.operation.definition.raw["x-permission"]
    if is_granted(permission) or response.status_code in SILENT:
        return
    raise AssertionError(f"Without {permission} the answer is {response.status_code}.")
