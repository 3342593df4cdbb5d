"""Agent 10: reads the rows of the query and sums them up. The real one has pandas and a container of its own."""
import csv
import json
import os

with open(os.path.join(os.environ["ESTEIRA_FILES"], "results"), encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
by_state = {row["state"]: float(row["revenue"]) for row in rows}
summary = ", ".join(f"{state} {revenue:.2f}" for state, revenue in by_state.items()) + "."
result = {"analysis_summary": summary, "statistics": {"total": sum(by_state.values()), "states": len(by_state)}}
with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
    json.dump(result, file, ensure_ascii=False)
