"""Compares the gold of a day with that of its reprocess, and both with the index; exits 1 where they differ.

  compare_gold.py GOLD REPROCESSED INDEX

The same pages and the same rules give the same events, whatever their order; only the run differs.
"""

import json
import sqlite3
import sys


def gold(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def events(one):
    return sorted((json.dumps(event, sort_keys=True, ensure_ascii=False) for event in one["events"]))


before, after = gold(sys.argv[1]), gold(sys.argv[2])
connection = sqlite3.connect(f"file:{sys.argv[3]}?mode=ro", uri=True)
indexed = connection.execute("SELECT type, count(*) FROM atlasreg_events GROUP BY type ORDER BY type").fetchall()
texts = connection.execute("SELECT count(*) FROM atlasreg_documents").fetchone()[0]
runs = {run for (run,) in connection.execute("SELECT DISTINCT run_id FROM atlasreg_events")}
for kind, count in indexed:
    print(f"{kind:<10} {count}")
faults = []
if events(before) != events(after):
    faults.append("the events of both gold files differ")
if texts != len(after["events"]) or sum(count for _, count in indexed) != texts:
    faults.append(f"the index has {texts} texts, the gold {len(after['events'])} events")
if runs != {after["metadata"]["run_id"]}:
    faults.append(f"the index is of the runs {sorted(runs)}")
if faults or not texts:
    sys.exit("; ".join(faults) or "there is no event")
print(f"the {texts} events of {before['metadata']['run_id']} and {after['metadata']['run_id']} are the same")
