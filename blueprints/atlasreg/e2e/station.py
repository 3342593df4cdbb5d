"""The servers of the end-to-end test: each in a session of its own, ended with all that it started."""

import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import time

PATIENCE = 120


def fail(words):
    sys.exit(f"e2e: {words}")


def until(what, fact, patience=PATIENCE, pause=0.1):
    """The first answer that is true."""
    end = time.monotonic() + patience
    while not (found := fact()):
        if time.monotonic() > end:
            fail(f"{what} did not come to be within {patience} s")
        time.sleep(pause)
    return found


def free_port():
    """Below the range from which the system gives ports to those who ask for any."""
    while True:
        port = random.SystemRandom().randrange(20000, 32768)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    """A program that can be killed with all its processes, and begun again with the same words."""

    def __init__(self, name, words, folder, environment=None, cwd=None, ready=None):
        self.name, self.words, self.cwd, self.ready = name, [str(word) for word in words], cwd, ready
        self.log = pathlib.Path(folder) / f"{name}.log"
        self.environment = {**os.environ, **(environment or {})}
        self.process, self.address = None, None

    def begin(self):
        """Returns once `ready` holds or, without it, with the first line that the program says."""
        with open(self.log, "ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.PIPE, stdout=log if self.ready else subprocess.PIPE, stderr=log,
                cwd=self.cwd, env=self.environment, start_new_session=True)
        if self.ready:
            until(f"{self.name} (see {self.log})",
                  lambda: self.ready(self, before) or self.process.poll() is not None)
            if self.process.poll():
                fail(f"{self.name} ended with {self.process.returncode}; see {self.log}")
        else:
            self.address = self.process.stdout.readline().decode().strip()
            if not self.address:
                fail(f"{self.name} did not start; see {self.log}")
        return self

    def said(self, words, since):
        with open(self.log, "rb") as file:
            file.seek(since)
            return words in file.read()

    def kill(self):
        """As a power failure would: nobody is asked."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.stdin.close()                 # some end with their input, and tidy up
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.process.wait()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Esteira:
    """The node: begun in the background, known by the pid in its folder."""

    name = "the server of Esteira"

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.environment = {**os.environ, "ESTEIRA_DATA": str(folder), "ESTEIRA_LISTEN": "none", "ESTEIRA_LANG": "en"}

    def __call__(self, *words, check=True):
        done = subprocess.run([self.program, *words], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        if check and done.returncode:
            fail(f"esteira {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def begin(self):
        # What it says goes nowhere: the background process would hold a pipe open.
        done = subprocess.run([self.program, "server", "--background"], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            fail("esteira did not start")
        return self

    def pid(self):
        """Ours alone: its command line has to say that it is a server."""
        try:
            pid = int((self.folder / "server.pid").read_text())
            words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if b"server" in words and b"esteira" in words[0] else None

    def end(self, number):
        if (pid := self.pid()) is None:
            return
        os.kill(pid, number)
        until("the end of esteira", lambda: not pathlib.Path(f"/proc/{pid}").exists() or self.is_dead(pid))

    def is_dead(self, pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        self.end(signal.SIGTERM)
