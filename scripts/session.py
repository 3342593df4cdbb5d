"""A server on a data folder of its own, and sessions on it, for scripts that measure and test from outside."""

import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def binary():
    """`ESTEIRA_BINARY`, or the release binary, or the debug one."""
    choices = [os.environ.get("ESTEIRA_BINARY"), ROOT / ".build/release/esteira", ROOT / ".build/debug/esteira"]
    for choice in choices:
        if choice and Path(choice).exists():
            return str(choice)
    raise SystemExit("There is no binary: `make build` makes one.")


class Server:
    """A server that can be killed and started again on its folder, under the same port."""

    def __init__(self, folder=None, port=0):
        self.folder = Path(folder or tempfile.mkdtemp(prefix="esteira-session-"))
        self.port = port
        self.password = None
        self.process = None

    def start(self):
        """Returns once it is ready. The first start leaves the admin's password in `password`."""
        said = self.folder / "said.txt"
        environment = dict(
            os.environ, ESTEIRA_DATA=str(self.folder / "data"), ESTEIRA_LANG="en",
            ESTEIRA_LISTEN=f"127.0.0.1:{self.port}",
        )
        with open(said, "wb") as output, open(self.folder / "errors.txt", "ab") as errors:
            self.process = subprocess.Popen(
                [binary(), "server"], env=environment, stdout=output, stderr=errors, start_new_session=True)
        until = time.monotonic() + 60
        while "Ready:" not in (text := said.read_text()):
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The server did not start: {text}{(self.folder / 'errors.txt').read_text()}")
            time.sleep(0.02)
        self.port = int(re.search(r"Ready: http://127\.0\.0\.1:(\d+)", text).group(1))
        if found := re.search(r"password: (\S+)", text):
            self.password = found.group(1)
        return self

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def memory(self):
        """Resident megabytes: now, and at most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024 for name in ("VmRSS", "VmHWM"))

    def session(self, token=None):
        return Session(self, token)

    def admin(self):
        """The first one chooses a password of its own, which stands in `password` from then on."""
        session = self.session()
        if session.sign_in("admin", self.password)["must_change_password"]:
            own = "seven-otters-at-noon"
            session.call("POST", "/me/password", {"old": self.password, "new": own})
            self.password = own
        return session


class Lost(Exception):
    """The connection broke, so that nobody knows whether the request was done."""


class Refused(Exception):
    """The answer is a problem."""

    def __init__(self, method, path, status, body):
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status
        self.code = body.get("code") if isinstance(body, dict) else None


class Session:
    """One connection that is kept, with a token, from an address of its own: sign-ins are limited for each."""

    def __init__(self, server, token=None, address="127.0.0.1"):
        self.server, self.token, self.refresh_token, self.address = server, token, None, address
        self.connection = None

    def send(self, method, path, body=None, headers=None):
        """The status, the headers and the JSON of an answer, whatever it is."""
        headers = dict(headers or {})
        if self.token:
            headers["authorization"] = "Bearer " + self.token
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.server.port, timeout=60, source_address=(self.address, 0))
            self.connection.request(method, "/api/v1" + path, data, headers)
            answer = self.connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Lost(f"{method} {path}: {error!r}") from error
        if answer.will_close:
            self.close()
        return answer.status, answer.headers, json.loads(raw) if raw else None

    def call(self, method, path, body=None, headers=None):
        status, _, answer = self.send(method, path, body, headers)
        if status >= 300:
            raise Refused(method, path, status, answer)
        return answer

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def sign_in(self, name, password):
        return self.take(self.call("POST", "/auth/login", {"name": name, "password": password}))

    def refresh(self):
        return self.take(self.call("POST", "/auth/refresh", {"refresh_token": self.refresh_token}))

    def take(self, answer):
        self.token, self.refresh_token = answer["access_token"], answer["refresh_token"]
        return answer

    def apply(self, *sources):
        files = [{"name": f"{number}.yaml", "source": source} for number, source in enumerate(sources)]
        return self.call("POST", "/pipelines:apply", {"files": files})

    def service(self, name, role, scopes=("*:*",)):
        """A program's account with a role everywhere, and a token of it: the token's value and both ids."""
        user = self.call("POST", "/users", {"name": name, "kind": "service"})
        self.call("POST", "/role-bindings", {"subject": user["id"], "role": role, "namespace": "*"})
        made = self.call("POST", "/tokens", {
            "name": name, "user": name, "scopes": list(scopes), "expires_at": ahead(days=30)})
        return made["value"], [user["id"], name, made["id"]]


def ahead(**parts):
    return (datetime.now(timezone.utc) + timedelta(**parts)).strftime("%Y-%m-%dT%H:%M:%SZ")
