"""Compares what was collected, stored and told with what the source published; exits 1 where they differ.

  check_result.py TRUTH COLLECTED RESULT REPORT RECEIVED
"""

import hashlib
import json
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


truth, collected, result = (read(path) for path in sys.argv[1:4])
with open(sys.argv[4], "rb") as file:
    report = file.read()
with open(sys.argv[5], encoding="utf-8") as file:
    told = [json.loads(line)["payload"] for line in file]
faults = []
if collected != {"status": "ok", "dados": truth} or not truth:
    faults.append("what was collected is not what was published")
if result["itens"] != len(truth) or result["sha256"] != hashlib.sha256(report).hexdigest():
    faults.append("the stored result is not of this report")
if [one["correlation_id"] for one in told] != ["abc123", "abc124"]:
    faults.append(f"the client was told of {[one['correlation_id'] for one in told]}")
elif told[0]["payload"] != result or "404" not in told[1]["erro"]:
    faults.append("the client was told something else")
if faults:
    sys.exit("; ".join(faults))
for one in truth[:3]:
    print(f"{one['data'][:10]}  {one['titulo']}")
print(f"the {len(truth)} videos of the month are collected, and are the {result['itens']} of {result['arquivo']}")
