"""Reads a job's decisions, one JSON line each, until so many facts of one kind are there.

  esteira job watch JOB -o jsonl | await.py ended --path 'process\\[[^]]+\\]' --status success --count 3

Exits 1 where the stream ends first, or where a fact of --unless (`path:fact`) comes before.
"""

import argparse
import json
import re
import sys

parser = argparse.ArgumentParser()
parser.add_argument("fact")
parser.add_argument("--path", required=True, help="a regular expression for the whole path")
parser.add_argument("--status")
parser.add_argument("--count", type=int, default=1)
parser.add_argument("--unless", metavar="PATH:FACT")
options = parser.parse_args()
path, done = re.compile(options.path), 0
for line in sys.stdin:
    for fact in json.loads(line).get("facts", []):
        place, kind = fact.get("path", ""), fact.get("fact")
        if options.unless == f"{place}:{kind}":
            sys.exit(1)
        if kind == options.fact and path.fullmatch(place) and options.status in (None, fact.get("status")):
            done += 1
            print(f"{place} {kind}", flush=True)
    if done >= options.count:
        sys.exit(0)
sys.exit(1)
