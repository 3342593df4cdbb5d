"""Every operation of a running server's own OpenAPI document under schemathesis: once as an admin, where
nothing may fail, and once as a viewer, who may change nothing. EXAMPLES says how many for an operation."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "scripts"))
from session import Server  # noqa: E402

PIPELINES = [
    """
apiVersion: esteira/v1
id: hello
namespace: demo
inputs: {name: {type: string, default: world}}
triggers: {daily: {schedule: {cron: "0 6 * * *"}}}
steps:
  greet: {value: "${{ 'Hello, ' + inputs.name }}"}
  say: {uses: shell, with: {run: "echo one; echo two >&2; echo three > $ESTEIRA_ARTIFACTS/three.txt"}}
outputs: {text: "${{ steps.greet.output }}"}
""",
    """
apiVersion: esteira/v1
id: review
namespace: demo
steps:
  review: {ask: {title: "Publish?", choices: {publish: {approves: true}, keep: {}}, expires: 4h, on_expiry: keep}}
""",
    """
apiVersion: esteira/v1
id: waits
namespace: other
steps:
  waits: {wait: {signal: {name: go}}}
""",
    """
apiVersion: esteira/v1
id: fails
namespace: other
steps:
  fails: {uses: shell, with: {run: "exit 3"}}
""",
]


def seed(admin):
    """Something of every kind, so that there is something to read and to change."""
    admin.apply(*PIPELINES)
    for pipeline in ("demo~hello", "demo~hello", "demo~review", "other~waits", "other~fails"):
        admin.call("POST", f"/pipelines/{pipeline}/execute", {})
    for name, kind, data in (("api", "bearer", {"token": "s"}), ("login", "basic", {"username": "u", "password": "p"})):
        admin.call("POST", "/credentials", {"id": f"demo~{name}", "type": kind, "data": data})
    admin.call("PUT", "/settings/demo~limit", {"value": 7})
    admin.call("POST", "/heartbeats/nightly", {})
    admin.call("POST", "/users", {"name": "ana"})
    admin.call("POST", "/groups", {"name": "people"})
    admin.call("PUT", "/roles/reader", {"permissions": ["jobs:read"]})
    admin.call("POST", "/role-bindings", {"subject": "ana", "role": "operator", "namespace": "demo"})
    while any(job["status"] in ("queued", "running") for job in admin.call("GET", "/jobs")["items"]):
        time.sleep(0.1)


def document(server):
    """The server's own, without what would end the test or never ends; each rule has its reason."""
    whole = server.session().call("GET", "/openapi.json")
    left_out = []
    for path, item in list(whole["paths"].items()):
        for method, operation in list(item.items()):
            media = {kind for answer in operation["responses"].values() for kind in answer.get("content", {})}
            if "text/event-stream" in media:
                left_out.append((operation["operationId"], "it is a stream, which has no end"))
                del item[method]
        if not item:
            del whole["paths"][path]
    for name, reason in left_out:
        print(f"left out: {name}: {reason}")
    return whole


# What changes by itself: the time at which something was looked at or is due, and the records of that.
MOVING = {"last_used_at", "last_seen_at", "next_at", "deadline", "at"}


def still(value):
    if isinstance(value, dict):
        return {name: still(member) for name, member in value.items() if name not in MOVING}
    return [still(member) for member in value] if isinstance(value, list) else value


def state(admin, document):
    """All lists that an admin can read, without the records of who looked and the state of the machine."""
    found, left = {}, {"audit", "doctor"}
    for path, item in document["paths"].items():
        operation = item.get("get")
        if operation is None or "{" in path or ":" not in operation["x-permission"] or left.intersection(path.split("/")):
            continue
        if "application/json" not in operation["responses"]["200"]["content"]:
            continue
        status, _, answer = admin.send("GET", path.removeprefix("/api/v1"))
        if status == 200 and isinstance(answer, dict) and "items" in answer:
            found[path] = still(answer["items"])
    return found


def changed(before, after):
    """Whether anything in the lists is another; says what."""
    others = [path for path in before if before[path] != after.get(path)]
    for path in others:
        print(f"changed: {path}: {json.dumps(before[path])[:300]} is now {json.dumps(after.get(path))[:300]}")
    return bool(others)


def run(name, server, file, token, protected, granted=None):
    """Whether all checks hold for the holder of this token."""
    environment = dict(os.environ, API_TEST_PROTECTED=json.dumps(protected), PYTHONPATH=str(HERE))
    if granted is not None:
        environment["API_TEST_GRANTED"] = json.dumps(granted)
    words = [
        str(Path(sys.executable).parent / "st"), "--config-file", str(HERE / "schemathesis.toml"), "run", file,
        "--url", f"http://127.0.0.1:{server.port}", "--header", f"Authorization: Bearer {token}",
        "--max-examples", os.environ.get("EXAMPLES", "200"),
    ]
    if seed_number := os.environ.get("SEED"):
        words += ["--seed", seed_number]
    print(f"\n== As {name}", flush=True)
    began = time.monotonic()
    # What it keeps for its next run goes below .build, with the rest of what is made.
    place = HERE.parent.parent / ".build/test-api/work"
    place.mkdir(parents=True, exist_ok=True)
    ended = subprocess.run(words, env=environment, cwd=place)
    print(f"as {name}: exit {ended.returncode} after {time.monotonic() - began:.0f} s", flush=True)
    if server.process.poll() is not None:
        print(f"The server has ended by itself: {(server.folder / 'errors.txt').read_text()}")
        return False
    return ended.returncode == 0


def main():
    server = Server().start()
    try:
        admin = server.admin()
        seed(admin)
        (root, root_ids) = admin.service("test-admin", "admin")
        (viewer, viewer_ids) = admin.service("test-viewer", "viewer")
        protected = root_ids + viewer_ids + ["admin", admin.call("GET", "/me")["id"]]
        grants = server.session(viewer).call("GET", "/me")["grants"]
        granted = [word for grant in grants for word in grant["permissions"]]
        file = server.folder / "openapi.json"
        whole = document(server)
        file.write_text(json.dumps(whole))
        only = os.environ.get("ONLY", "viewer admin").split()
        passed = []
        if "viewer" in only:
            before = state(admin, whole)
            print(f"{len(before)} lists are looked at before and after", flush=True)
            passed.append(run("viewer", server, str(file), viewer, protected, granted))
            passed.append(not changed(before, state(server.session(root), whole)))
        if "admin" in only:
            passed.append(run("admin", server, str(file), root, protected))
        print("memory: %.0f MB now, %.0f MB at most" % server.memory())
        print(f"folder: {server.folder}")
        return 0 if all(passed) else 1
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
