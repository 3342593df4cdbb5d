"""The SDK from outside: connectors as processes, with the engine played by `esteira_sdk.testing`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from esteira_sdk import ConnectorResult, Progress, cli, manifest
from esteira_sdk.connector import JSON
from esteira_sdk.runtime import failure, misfits
from esteira_sdk.testing import Engine

PROGRAM = '''
from esteira_sdk import *

class Probe(Connector):
    name = "probe.one"
    checkpoints = True

    def execute(self, parameters, log_callback):
        what = parameters["what"]
        if what == "fail":
            raise RateLimited("Slow down.", "slow", retry_after=3)
        if what == "connection":
            raise ConnectionResetError("gone")
        if what == "bug":
            raise KeyError("x")
        if what == "unsuccessful":
            return ConnectorResult(success=False, error="No.")
        if what == "secret":
            token = self.context.credential["token"]
            self.context.mask("session-1")
            return ConnectorResult(output={"length": len(token)})
        if what == "all":
            self.context.metric("rows", 3, "rows")
            self.context.check("unique", True)
            with open(self.context.artifact("a/report.txt"), "w") as file:
                file.write("x")
            log_callback(LogEntry("warn", "careful", metadata={"n": 1}))
            log_callback("plain")
            return ConnectorResult(rows_processed=3, bytes_transferred=9, output_path="a", metadata={"m": 1})
        self.context.save({"at": 1})
        self.context.wait(60)
        return ConnectorResult()

    def cleanup(self):
        print("cleaned up")

if __name__ == "__main__":
    run(Probe)
'''


@pytest.fixture
def probe(tmp_path: Path) -> Engine:
    (tmp_path / "main.py").write_text(PROGRAM)
    return Engine(str(tmp_path))


def test_every_part_of_a_result_reaches_the_engine(probe: Engine) -> None:
    outcome = probe.run({"what": "all"})
    assert outcome.output == {"rows_processed": 3, "bytes_transferred": 9, "output_path": "a", "metadata": {"m": 1}}
    assert outcome.told("metric") == [{"name": "rows", "value": 3, "unit": "rows"}]
    assert outcome.told("check") == [{"name": "unique", "passed": True, "severity": "error"}]
    assert outcome.told("artifact") == [{"name": "a/report.txt"}]
    assert [(entry["level"], entry["message"]) for entry in outcome.told("log")] == [("warn", "careful"), ("info", "plain")]
    assert outcome.told("log")[0]["metadata"] == {"n": 1}
    assert outcome.exit_code == 0


@pytest.mark.parametrize("what, error", [
    ("fail", {"class": "rate_limited", "code": "slow", "message": "Slow down.", "retry_after": 3}),
    ("connection", {"class": "transient", "code": "connection", "message": "ConnectionResetError: gone"}),
    ("bug", {"class": "internal", "code": "python-exception", "message": "KeyError: 'x'"}),
    ("unsuccessful", {"class": "internal", "code": "connector-failed", "message": "No."}),
])
def test_what_is_raised_has_its_class(probe: Engine, what: str, error: object) -> None:
    assert probe.run({"what": what}).error == error


def test_a_cancel_interrupts_a_wait(probe: Engine) -> None:
    outcome = probe.run({"what": "wait"}, cancel_when=lambda message: message["method"] == "checkpoint")
    assert outcome.error is not None and outcome.error["class"] == "cancelled"
    assert outcome.seconds_to_stop < 5


def test_secrets_come_by_the_descriptor_and_are_masked(probe: Engine) -> None:
    connection = {"address": {}, "credential": {"type": "bearer", "values": {"token": "abcdef"}}}
    outcome = probe.run({"what": "secret"}, connection=connection)
    assert outcome.output == {"length": 6}
    assert outcome.told("mask") == [{"value": "session-1"}]
    assert probe.run({"what": "secret"}).error is not None


def test_a_new_connector_passes_its_test_and_runs_as_a_plain_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "lines"
    assert cli.main(["new", "acme.lines", str(folder)]) == 0
    assert cli.main(["new", "acme.lines", str(folder)]) == 1
    assert subprocess.run([sys.executable, str(folder / "main.py"), "--with", '{"text": ""}'], check=False).returncode == 65
    script: List[str] = [sys.executable, str(folder / "main.py"), "--with", '{"text": "um\\ndois"}']
    assert json.loads(subprocess.check_output(script)) == {"rows_processed": 2, "longest": 4}
    connector = manifest.find(str(folder))
    engine = Engine(str(folder))
    titles = [title for title, rule in cli.rules(engine, str(folder), connector) if rule() is None]
    assert titles == ["the manifest is that of the class", "ends well", "goes on from a checkpoint",
                      "refuses bad input", "stops within 5 s"]


@pytest.mark.parametrize("given, said", [
    ('{"txt": "a"}', ["text is missing.", "txt is not known here; there are: text, pause."]),
    ('{"text": 3, "pause": true}', ["text is not of the type string.", "pause is not of the type number."]),
    ("[]", ["The parameters are not an object"]),
    ("{bad", ["--with cannot be read as JSON"]),
    ("@nowhere.json", ["--with cannot be read as JSON", "nowhere.json"]),
])
def test_parameters_that_do_not_fit_are_told_as_sentences(tmp_path: Path, given: str, said: List[str]) -> None:
    folder = str(tmp_path / "lines")
    cli.main(["new", "acme.lines", folder])
    ended = subprocess.run([sys.executable, folder + "/main.py", "--with", given], capture_output=True, text=True,
                           check=False)
    assert ended.returncode in (2, 65)
    assert all(sentence in ended.stderr for sentence in said) and "Traceback" not in ended.stderr


def test_whole_numbers_are_integers_and_null_is_a_type() -> None:
    schema: Dict[str, JSON] = {"properties": {"a": {"type": "integer"}, "b": {"type": ["string", "null"]}}}
    assert misfits({"a": 2.0, "b": None, "c": 1}, schema) == []
    assert misfits({"a": 2.5, "b": 1}, schema) == [
        "a is not of the type integer.", "b is not of the type string or null."]


def test_the_plain_script_goes_on_from_a_checkpoint_file(tmp_path: Path) -> None:
    folder, kept = tmp_path / "lines", tmp_path / "kept.json"
    cli.main(["new", "acme.lines", str(folder)])
    kept.write_text('{"line": 1, "longest": 9}')
    script = [sys.executable, str(folder / "main.py"), "--with", '{"text": "a\\nb"}', "--checkpoint", str(kept)]
    assert json.loads(subprocess.check_output(script)) == {"rows_processed": 2, "longest": 9}
    assert json.loads(kept.read_text()) == {"line": 2, "longest": 9}


def test_the_command_runs_a_folder_and_refuses_a_bad_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "lines")
    assert cli.main(["new", "acme.lines", folder]) == 0
    capsys.readouterr()
    assert cli.main(["run", folder, "--with", '{"text": "a"}']) == 0
    assert json.loads(capsys.readouterr().out) == {"rows_processed": 1, "longest": 1}
    with pytest.raises(SystemExit):
        cli.main(["new", "Lines", str(tmp_path / "other")])


def test_a_mistake_in_get_progress_does_not_end_the_work(tmp_path: Path) -> None:
    program = PROGRAM.replace("    def cleanup", "    def get_progress(self):\n        return 1 / 0\n\n    def cleanup")
    (tmp_path / "main.py").write_text(program)
    outcome = Engine(str(tmp_path)).run({"what": "all"})
    assert outcome.error is None and outcome.told("heartbeat") != []


def test_small_values() -> None:
    assert ConnectorResult().as_output() == {}
    assert Progress(done=1) == Progress(done=1)
    assert failure(TimeoutError())["class"] == "transient"
