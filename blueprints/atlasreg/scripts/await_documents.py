"""Reads a job's events until so many documents are done; exits 1 if the gold begins or the stream ends first."""

import json
import re
import sys

DOCUMENT = re.compile(r"process\[[^\]]+\]")
wanted, done = int(sys.argv[1]), 0
for line in sys.stdin:
    for fact in json.loads(line)["facts"]:
        path, kind = fact.get("path", ""), fact.get("fact")
        if path == "gold" and kind == "started":
            sys.exit(1)
        if kind == "ended" and DOCUMENT.fullmatch(path) and fact.get("status") == "success":
            done += 1
            print(f"{path} done", flush=True)
    if done >= wanted:
        sys.exit(0)
sys.exit(1)
