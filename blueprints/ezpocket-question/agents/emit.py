"""Stands in for `event.emit`: the event is a line of the job's log, and the step's output."""
import json
import os

with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
    event = json.load(file)
print(json.dumps(event, ensure_ascii=False))
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump({"event": event}, file, ensure_ascii=False)
