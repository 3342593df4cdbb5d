"""Bridges against programs of their ecosystems; what is not installed is skipped with a reason."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

from esteira_sdk import cli
from esteira_sdk.testing import Engine

TAP = '''
import json, sys
state = {"n": 0}
if "--state" in sys.argv:
    state = json.load(open(sys.argv[sys.argv.index("--state") + 1]))
config = json.load(open(sys.argv[sys.argv.index("--config") + 1])) if "--config" in sys.argv else {}
import singer
singer.write_schema("rows", {"type": "object", "properties": {"n": {"type": "integer"}, "t": {"type": "string"}}}, ["n"])
for n in range(state["n"] + 1, 6):
    singer.write_record("rows", {"n": n, "t": config.get("prefix", "")})
    singer.write_state({"n": n})
'''
PIPES = '''
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as context:
    start = context.extras["esteira_checkpoint"] or 0
    context.log.info("beginning at %d", start)
    for n in range(start, 3):
        context.report_custom_message({"esteira_checkpoint": n + 1})
    context.report_custom_message({"kind": "note"})
    context.report_asset_materialization(metadata={"rows": context.extras["rows"]})
    context.report_asset_check("unique", passed=context.extras["rows"] > 0)
    if context.extras["rows"] == 13:
        raise ValueError("thirteen")
'''


def bridge(name: str, tmp_path: Path) -> Engine:
    folder = tmp_path / name
    assert cli.main(["bridge", name, str(folder)]) == 0
    return Engine(str(folder))


def program(name: str) -> str:
    """Beside this Python, or in the path."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; `scripts/setup_python.sh` installs it.")
    return found


@pytest.mark.parametrize("name", sorted(cli.BRIDGES))
def test_a_bridge_keeps_the_rules_that_every_connector_keeps(name: str, tmp_path: Path) -> None:
    engine = bridge(name, tmp_path)
    folder = engine.folder
    faults = {title: rule() for title, rule in cli.rules(engine, folder, cli.manifest.find(folder))}
    assert "goes on from a checkpoint" in faults and set(faults.values()) == {None}


@pytest.fixture
def tap(tmp_path: Path) -> List[str]:
    pytest.importorskip("singer", reason="singer-python is not installed; `scripts/setup_python.sh` installs it.")
    (tmp_path / "tap.py").write_text(TAP)
    return [sys.executable, str(tmp_path / "tap.py")]


def test_a_tap_without_a_target_leaves_an_artifact_a_stream(tap: List[str], tmp_path: Path) -> None:
    outcome = bridge("singer.sync", tmp_path).run({"tap": tap, "tap_config": {"prefix": "x"}})
    assert outcome.error is None
    assert outcome.output == {
        "rows_processed": 5, "streams": {"rows": 5}, "state": {"n": 5}, "files": {"rows": {"artifact": "rows.jsonl"}}}
    assert outcome.checkpoints == []


def test_a_tap_goes_on_from_the_state_that_a_real_target_echoed(tap: List[str], tmp_path: Path) -> None:
    target = [program("target-jsonl")]
    out = tmp_path / "out"
    out.mkdir()
    parameters: Dict[str, Any] = {"tap": tap, "target": target, "target_config": {"destination_path": str(out)}}
    engine = bridge("singer.sync", tmp_path)
    outcome = engine.run(parameters)
    assert outcome.error is None, outcome.error
    assert outcome.output is not None and outcome.output["rows_processed"] == 5
    assert outcome.checkpoints[-1] == {"state": {"n": 5}, "streams": {"rows": 5}}
    resumed = engine.run(parameters, checkpoint={"state": {"n": 3}, "streams": {"rows": 3}})
    assert resumed.output == outcome.output
    rows = [json.loads(line) for file in out.iterdir() for line in file.read_text().splitlines()]
    assert sorted(row["n"] for row in rows) == [1, 2, 3, 4, 4, 5, 5]


def test_a_tap_and_a_target_of_pypi_run_unchanged(tmp_path: Path) -> None:
    tap, target = [program("tap-jsonl")], [program("target-jsonl")]
    source, out = tmp_path / "in", tmp_path / "out"
    for folder in (source, out):
        folder.mkdir()
    people = [{"id": n, "name": f"n° {n}"} for n in range(1, 1001)]
    (source / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in people))
    parameters: Dict[str, Any] = {
        "tap": tap, "target": target, "target_config": {"destination_path": str(out)},
        "tap_config": {"path": f"{source}/*.jsonl", "stream_name": "people", "primary_keys": ["id"]}}
    outcome = bridge("singer.sync", tmp_path).run(parameters)
    assert outcome.error is None, outcome.error
    assert outcome.output is not None and outcome.output["streams"] == {"people": 1000}
    assert "people" in outcome.output["state"]["bookmarks"]
    [file] = out.iterdir()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [{"id": row["id"], "name": row["name"]} for row in rows] == people


def test_what_a_credential_holds_joins_the_config_and_is_on_no_disk(tap: List[str], tmp_path: Path) -> None:
    connection = {"address": {}, "credential": {"type": "custom", "values": {"prefix": "from-the-vault"}}}
    outcome = bridge("singer.sync", tmp_path).run({"tap": tap}, connection=connection)
    assert outcome.error is None
    folder = str(tmp_path)
    assert not any("from-the-vault" in path.read_text(errors="replace") for path in Path(folder).rglob("*.json"))


def test_a_tap_that_fails_says_why(tmp_path: Path) -> None:
    outcome = bridge("singer.sync", tmp_path).run({"tap": ["sh", "-c", "echo 'no such table' >&2; exit 3"]})
    assert outcome.error == {
        "class": "exit", "code": "tap-failed", "message": "The tap ended with code 3: no such table."}


def test_a_target_that_ends_well_before_it_has_taken_all_is_a_failure(tmp_path: Path) -> None:
    record = json.dumps({"type": "RECORD", "stream": "s", "record": {"t": "x" * 1000}})
    tap = ["sh", "-c", f"yes '{record}' | head -n 1000"]
    outcome = bridge("singer.sync", tmp_path).run({"tap": tap, "target": ["true"]})
    assert outcome.error == {
        "class": "exit", "code": "target-failed", "message": "The target ended before it had taken all."}


def test_a_cancel_ends_the_tap(tmp_path: Path) -> None:
    outcome = bridge("singer.sync", tmp_path).run({"tap": ["sleep", "60"]}, cancel_when=lambda message: True)
    assert outcome.seconds_to_stop < 5


@pytest.fixture
def pipes(tmp_path: Path) -> List[str]:
    pytest.importorskip("dagster_pipes", reason="dagster-pipes is not installed; `scripts/setup_python.sh` installs it.")
    (tmp_path / "pipes.py").write_text(PIPES)
    return [sys.executable, str(tmp_path / "pipes.py")]


def test_a_program_with_dagster_pipes_runs_unchanged(pipes: List[str], tmp_path: Path) -> None:
    parameters = {"command": pipes, "extras": {"rows": 7}, "asset_keys": ["orders"]}
    outcome = bridge("dagster.pipes", tmp_path).run(parameters, checkpoint=1)
    assert outcome.error is None, outcome.error
    assert outcome.checkpoints == [2, 3]
    assert outcome.output is not None and outcome.output["messages"] == [{"kind": "note"}]
    [asset] = outcome.output["materializations"]
    assert asset["asset_key"] == "orders" and asset["metadata"]["rows"]["raw_value"] == 7
    assert outcome.told("check") == [{"name": "orders/unique", "passed": True, "severity": "error"}]
    assert "beginning at 1" in [entry["message"] for entry in outcome.told("log")]


def test_an_exception_behind_the_pipes_is_the_failure(pipes: List[str], tmp_path: Path) -> None:
    parameters = {"command": pipes, "extras": {"rows": 13}, "asset_keys": ["orders"]}
    outcome = bridge("dagster.pipes", tmp_path).run(parameters)
    assert outcome.error is not None and outcome.error["code"] == "pipes-exception"
    assert "thirteen" in outcome.error["message"]


AIRBYTE = '''
import json, sys
def say(**message): print(json.dumps(message), flush=True)
if sys.argv[1] == "read":
    n = json.load(open(sys.argv[sys.argv.index("--state") + 1]))[0]["stream"]["stream_state"]["n"] if "--state" in sys.argv else 0
    say(type="LOG", log={"level": "WARN", "message": "from %d" % n})
    for number in range(n + 1, 4):
        say(type="RECORD", record={"stream": "s", "data": {"n": number}, "emitted_at": 0})
        say(type="STATE", state={"type": "STREAM", "stream": {"stream_descriptor": {"name": "s"}, "stream_state": {"n": number}}})
    if json.load(open(sys.argv[sys.argv.index("--config") + 1])).get("fail"):
        say(type="TRACE", trace={"type": "ERROR", "emitted_at": 0, "error": {"message": "Bad key", "failure_type": "config_error"}})
        sys.exit(1)
else:
    for line in sys.stdin:
        if json.loads(line)["type"] == "STATE": print(line, end="", flush=True)
'''


@pytest.fixture
def airbyte(tmp_path: Path) -> List[str]:
    (tmp_path / "airbyte.py").write_text(AIRBYTE)
    return [sys.executable, str(tmp_path / "airbyte.py")]


def test_the_airbyte_protocol_with_and_without_a_destination(airbyte: List[str], tmp_path: Path) -> None:
    engine = bridge("airbyte.sync", tmp_path)
    parameters: Dict[str, Any] = {"source": airbyte, "catalog": {"streams": []}}
    alone = engine.run(parameters)
    assert alone.output is not None and alone.output["files"] == {"s": {"artifact": "s.jsonl"}}
    assert alone.output["streams"] == {"s": 3} and alone.checkpoints == []
    both = engine.run({**parameters, "destination": airbyte})
    assert both.error is None and len(both.checkpoints) == 3
    resumed = engine.run({**parameters, "destination": airbyte}, checkpoint=both.checkpoints[1])
    assert resumed.output == both.output
    assert both.checkpoints[2]["streams"] == {"s": 3}
    assert [entry["message"] for entry in resumed.told("log")] == ["from 2"]


def test_an_airbyte_destination_that_ends_well_before_it_has_taken_all_is_a_failure(tmp_path: Path) -> None:
    record = json.dumps({"type": "RECORD", "record": {"stream": "s", "data": {"t": "x" * 1000}, "emitted_at": 0}})
    source = ["sh", "-c", f"yes '{record}' | head -n 1000"]
    outcome = bridge("airbyte.sync", tmp_path).run(
        {"source": source, "destination": ["true"], "catalog": {"streams": []}})
    assert outcome.error == {
        "class": "exit", "code": "destination-failed", "message": "The destination ended before it had taken all."}


def test_an_airbyte_error_has_the_class_of_its_failure_type(airbyte: List[str], tmp_path: Path) -> None:
    parameters = {"source": airbyte, "catalog": {"streams": []}, "config": {"fail": True}}
    outcome = bridge("airbyte.sync", tmp_path).run(parameters)
    assert outcome.error == {"class": "configuration", "code": "airbyte-error", "message": "Bad key"}


def test_a_real_airbyte_source_runs_unchanged(tmp_path: Path) -> None:
    source = program("source-faker")
    stream = {"name": "products", "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    catalog = {"streams": [{
        "stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]}
    outcome = bridge("airbyte.sync", tmp_path).run(
        {"source": [source], "catalog": catalog, "config": {"count": 5, "seed": 1, "parallelism": 1}})
    assert outcome.error is None, outcome.error
    assert outcome.output is not None and outcome.output["streams"].get("products", 0) > 0
