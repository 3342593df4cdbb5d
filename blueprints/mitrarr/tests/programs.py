"""Runs a program of the blueprint as a step does: a descriptor for the connection, files for the rest."""
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLUEPRINT = Path(__file__).resolve().parent.parent


@dataclass
class Ended:
    """What a program left behind."""

    code: int
    output: dict[str, Any]
    artifacts: dict[str, str]
    stderr: str


def run(
    program: str, *arguments: str, address: dict[str, Any] | None = None, secrets: dict[str, str] | None = None,
    stdin: str = "", data: Any = None, files: dict[str, str] | None = None, key: str = "k1", job: str = "j1",
) -> Ended:
    """To its end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "artifacts").mkdir()
        (folder / "files").mkdir()
        for file, text in (files or {}).items():
            (folder / "files" / file).write_text(text, encoding="utf-8")
        (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8",
            "ESTEIRA_DATA": str(folder / "data.json"), "ESTEIRA_OUTPUT": str(folder / "output.json"),
            "ESTEIRA_ARTIFACTS": str(folder / "artifacts"), "ESTEIRA_FILES": str(folder / "files"),
            "ESTEIRA_STEP_KEY": key, "ESTEIRA_JOB_ID": job,
        }
        given: list[int] = []
        if address is not None:
            reader, writer = os.pipe()
            document = {"address": address, "credential": {"values": secrets or {}}}
            os.write(writer, json.dumps(document).encode())
            os.close(writer)
            given = [reader]
            environment["ESTEIRA_CONNECTION_FD"] = str(reader)
        ended = subprocess.run(
            [sys.executable, str(BLUEPRINT / "apps" / program), *arguments], input=stdin, text=True,
            capture_output=True, env=environment, pass_fds=given, cwd=folder, timeout=60)
        for descriptor in given:
            os.close(descriptor)
        written = folder / "output.json"
        return Ended(
            ended.returncode, json.loads(written.read_text(encoding="utf-8")) if written.exists() else {},
            {file.name: file.read_text(encoding="utf-8") for file in (folder / "artifacts").iterdir()},
            ended.stderr)


class StandIn:
    """A stand-in that serves until the end of a `with`."""

    def __init__(self, program: str, *arguments: str) -> None:
        self._command = [sys.executable, "-B", str(BLUEPRINT / "apps/standins" / program), *arguments]

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout
        return self._process.stdout.readline().strip()

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
