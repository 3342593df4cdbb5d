"""What the tests of the blueprints' programs share: servers on ports of their own, and programs run as a step runs
them, with their files, their data and their connection."""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

# The threads of a test runner block signals; whom we start would inherit that and not end when asked.
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})

BLUEPRINTS = pathlib.Path(__file__).resolve().parents[3] / "blueprints"
PATIENCE = 60


class Case(unittest.TestCase):
    """A folder and the servers of one test; all are gone when it ends."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def serve(self, script, *arguments):
        """The address of a server of the blueprints."""
        process = subprocess.Popen(
            [sys.executable, "-B", str(BLUEPRINTS / script), *arguments], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

        def stop():
            process.terminate()
            process.wait(PATIENCE)
            process.stdout.close()

        self.addCleanup(stop)
        address = process.stdout.readline().strip()
        self.assertTrue(address.startswith("http://127.0.0.1:"), address)
        return address

    def step(self, program, data, files=None, connection=None, key="step-1"):
        """Runs a program to its end as the connector `python` does."""
        with self.begun(program, data, files, connection, key) as step:
            return step.finish()

    @contextlib.contextmanager
    def begun(self, program, data, files=None, connection=None, key="step-1"):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield Step(pathlib.Path(folder), BLUEPRINTS / program, data, files or {}, connection, key)


class Step:
    def __init__(self, folder, program, data, files, connection, key):
        self.folder = folder
        for name in ("files", "artifacts", "work"):
            (folder / name).mkdir()
        for name, content in files.items():
            target = folder / "files" / name
            target.write_bytes(content if isinstance(content, bytes) else pathlib.Path(content).read_bytes())
        (folder / "data.json").write_text(json.dumps(data))
        environment = {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TZ": "UTC", "ESTEIRA_STEP_KEY": key,
            "ESTEIRA_DATA": str(folder / "data.json"), "ESTEIRA_OUTPUT": str(folder / "output.json"),
            "ESTEIRA_FILES": str(folder / "files"), "ESTEIRA_ARTIFACTS": str(folder / "artifacts")}
        passed = []
        if connection is not None:
            reading, writing = os.pipe()
            os.write(writing, json.dumps(connection).encode())
            os.close(writing)
            passed, environment["ESTEIRA_CONNECTION_FD"] = [reading], str(reading)
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-u", str(program)], cwd=folder / "work", env=environment, pass_fds=passed,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for descriptor in passed:
            os.close(descriptor)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def finish(self):
        out, err = self.process.communicate(timeout=PATIENCE)
        output = self.folder / "output.json"
        artifacts = {path.name: path.read_bytes() for path in (self.folder / "artifacts").iterdir()}
        return Result(
            self.process.returncode, out, err, json.loads(output.read_text()) if output.exists() else None, artifacts)


class Result:
    def __init__(self, code, out, err, output, artifacts):
        self.code, self.out, self.err, self.output, self.artifacts = code, out, err, output, artifacts
        # To compare: unittest takes minutes to show how two large files differ.
        self.hashes = {name: hashlib.sha256(content).hexdigest() for name, content in artifacts.items()}
