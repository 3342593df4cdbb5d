"""A day of work, compressed: many people and programs call a server, which is killed now and then. Each keeps a
ledger of what was acknowledged, and at the end everything in the ledgers has to be there. REQUESTS=100000."""

import os
import random
import sys
import threading
import time

from session import Lost, Refused, Server, Session, ahead

REQUESTS = int(os.environ.get("REQUESTS", "100000"))
PEOPLE = int(os.environ.get("PEOPLE", "8"))
KILLS = int(os.environ.get("KILLS", str(max(3, REQUESTS // 2_000))))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
PASSWORD = "correct horse battery staple"
# Seconds; the longest lockout is 900.
SIGN_IN_LIMIT = 1_000

PIPELINES = ["""
apiVersion: esteira/v1
id: quick
namespace: demo
inputs: {n: {type: integer, default: 0}}
steps: {n: {value: "${{ inputs.n }}"}}
outputs: {n: "${{ steps.n.output }}"}
""", """
apiVersion: esteira/v1
id: waits
namespace: demo
inputs: {n: {type: integer, default: 0}}
steps: {waits: {wait: {signal: {name: go}}}}
"""]


class Person(threading.Thread):
    """Somebody with a session of their own, which has to outlive every kill."""

    def __init__(self, number, day):
        super().__init__(daemon=True)
        self.day, self.name_ = day, f"person_{number}"
        self.random = random.Random(SEED * 1_000 + number)
        self.session = Session(day.server, address=f"127.0.0.{number + 2}")
        # What was acknowledged: jobs with their input, jobs that were cancelled, credentials with the least
        # version, tokens that are there, and tokens that are gone.
        self.jobs, self.cancelled, self.credentials = {}, set(), {}
        self.tokens, self.gone = {}, set()
        # A write whose answer did not come may have been done or not.
        self.unsure = set()
        self.refreshes = self.refresh_lost = self.calls = self.lost = 0
        self.faults = []

    def run(self):
        weights = [work.weight for work in WORK]
        while self.day.take():
            work = self.random.choices(WORK, weights)[0]
            try:
                work(self)
                self.calls += 1
            except Lost:
                self.lost += 1
                self.day.ready.wait(60)
            except Refused as refused:
                self.calls += 1
                if refused.status == 401 and refused.code == "session-ended":
                    self.sign_in_anew()
                elif refused.status == 429 or refused.status == 503:
                    time.sleep(0.05)
                else:
                    self.faults.append(str(refused)[:300])
            except Exception as error:  # A fault of this script has to be seen, too.
                self.faults.append(repr(error)[:300])

    def sign_in_anew(self):
        try:
            self.sign_in()
        except (Lost, Refused) as refused:
            self.faults.append(f"cannot sign in any more: {refused}"[:300])

    def sign_in(self):
        """Signing in is limited to five a minute for each name and address, so it is tried until it works. What
        has not worked for longer than any lockout is a fault."""
        until = time.monotonic() + SIGN_IN_LIMIT
        while True:
            try:
                return self.session.sign_in(self.name_, PASSWORD)
            except (Lost, Refused):
                if time.monotonic() > until:
                    raise
                time.sleep(1)
                self.day.ready.wait(60)

    def refresh(self):
        old = self.session.refresh_token
        try:
            self.session.refresh()
            self.refreshes += 1
        except Lost:
            # The answer with the new token is gone, so that the old one is used up or not. Whoever uses it
            # again when it was ends the session, as is right: then there is no way but to sign in.
            self.day.ready.wait(60)
            self.session.refresh_token = old
            try:
                self.session.refresh()
                self.refreshes += 1
            except Refused:
                self.refresh_lost += 1
                self.sign_in_anew()

    def list_jobs(self):
        query = self.random.choice(["", "?limit=10", "?pipeline=quick", "?status=failed", "?q=status:success"])
        self.session.call("GET", "/jobs" + query)

    def get_job(self):
        if self.jobs:
            job = self.random.choice(list(self.jobs))
            found = self.session.call("GET", f"/jobs/{job}")
            if found["inputs"].get("n") != self.jobs[job]:
                self.faults.append(f"job {job} has other inputs: {found['inputs']}")

    def start_job(self, pipeline="quick"):
        n = self.random.randrange(1 << 30)
        job = self.session.call("POST", f"/pipelines/demo~{pipeline}/execute", {"inputs": {"n": n}})["id"]
        self.jobs[job] = n
        return job

    def cancel(self):
        job = self.start_job("waits")
        self.session.call("POST", f"/jobs/{job}/cancel", {"reason": "enough"})
        self.cancelled.add(job)

    def set_credential(self):
        name = f"{self.name_}_{self.random.randrange(20)}"
        self.unsure.add(name)
        made = self.session.call("PUT", f"/credentials/demo~{name}", {"type": "bearer", "data": {"token": "t"}})
        if made["version"] < self.credentials.get(name, 0) + 1:
            self.faults.append(f"credential {name} went back to version {made['version']}")
        self.credentials[name] = made["version"]

    def list_credentials(self):
        self.session.call("GET", "/credentials?limit=50")

    def make_token(self):
        if len(self.tokens) >= 20:
            return self.end_token()
        made = self.session.call("POST", "/tokens", {
            "name": f"t{self.random.randrange(1 << 30)}", "scopes": ["jobs:read"], "expires_at": ahead(days=9)})
        self.tokens[made["id"]] = made["value"]

    def end_token(self):
        if self.tokens:
            token = self.random.choice(list(self.tokens))
            self.unsure.add(token)
            value = self.tokens.pop(token)
            self.session.call("DELETE", f"/tokens/{token}")
            self.gone.add(value)

    def use_token(self):
        if self.tokens:
            Session(self.day.server, self.random.choice(list(self.tokens.values()))).call("GET", "/jobs?limit=1")

    def look(self):
        self.session.call("GET", self.random.choice(["/me", "/pipelines", "/health", "/me/sessions", "/asks"]))


WORK = [
    Person.list_jobs, Person.get_job, Person.start_job, Person.cancel, Person.set_credential,
    Person.list_credentials, Person.make_token, Person.end_token, Person.use_token, Person.refresh, Person.look,
]
for work, weight in zip(WORK, [20, 20, 18, 6, 6, 8, 3, 2, 5, 4, 8]):
    work.weight = weight


class Day:
    def __init__(self):
        self.server = Server()
        self.left, self.lock, self.ready = REQUESTS, threading.Lock(), threading.Event()
        self.memory = []

    def take(self):
        self.ready.wait(60)
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def done(self):
        return REQUESTS - max(0, self.left)

    def prepare(self):
        self.server.start()
        admin = self.server.admin()
        admin.apply(*PIPELINES)
        people = [Person(number, self) for number in range(PEOPLE)]
        for person in people:
            made = admin.call("POST", "/users", {"name": person.name_})
            admin.call("POST", "/role-bindings", {"subject": person.name_, "role": "admin", "namespace": "*"})
            person.session.sign_in(person.name_, made["password"])
            person.session.call("POST", "/me/password", {"old": made["password"], "new": PASSWORD})
        self.ready.set()
        return people

    def kill_now_and_then(self, people):
        chance = random.Random(SEED)
        marks = sorted(chance.randrange(REQUESTS) for _ in range(KILLS))
        kills, shown = 0, 0
        while any(person.is_alive() for person in people):
            time.sleep(0.05)
            if self.done() - shown >= REQUESTS // 20:
                shown = self.done()
                self.memory.append((shown, *self.server.memory()))
                print("%7d requests, %d kills: %.0f MB now" % (shown, kills, self.memory[-1][1]), flush=True)
            if marks and self.done() >= marks[0]:
                marks.pop(0)
                kills += 1
                self.ready.clear()
                self.server.kill()
                self.server.start()
                self.ready.set()
        return kills


def check(day, people):
    """What was acknowledged and is not there."""
    faults = [f"{person.name_}: {fault}" for person in people for fault in person.faults]
    # Once more from the disk, and not from what the last server knew.
    day.server.kill()
    day.server.start()
    admin = Session(day.server)
    admin.sign_in("admin", day.server.password)
    jobs, cursor = {}, None
    while True:
        page = patiently(admin, "/jobs?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        jobs.update((job["id"], job["status"]) for job in page["items"])
        cursor = page.get("next_cursor")
        if not cursor:
            break
    credentials, cursor = {}, None
    while True:
        page = patiently(admin, "/credentials?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        credentials.update((row["id"], row["version"]) for row in page["items"])
        cursor = page.get("next_cursor")
        if not cursor:
            break
    for person in people:
        faults += [f"job {job} is lost" for job in person.jobs if job not in jobs]
        faults += [f"job {job} is {jobs.get(job)}" for job in person.cancelled if jobs.get(job) != "cancelled"]
        for name, version in person.credentials.items():
            found = credentials.get(f"demo~{name}", 0)
            if found < version:
                faults.append(f"credential {name} is at version {found}, {version} was acknowledged")
        for value in list(person.tokens.values()):
            if status(day, value) != 200:
                faults.append(f"a token of {person.name_} is lost")
        faults += [f"a token of {person.name_} came back" for value in person.gone if status(day, value) != 401]
        try:
            person.session.close()
            person.session.refresh()
        except Refused as refused:
            faults.append(f"the refresh token of {person.name_} did not survive: {refused}")
    verdict = patiently(admin, "/audit:verify", {})
    if not verdict["intact"]:
        faults.append(f"the audit is not intact: {verdict}")
    return faults, len(jobs), verdict["rows"]


def status(day, token):
    session = Session(day.server, token)
    try:
        return session.send("GET", "/me")[0]
    finally:
        session.close()


def patiently(session, path, body=None):
    while True:
        try:
            return session.call("POST" if body is not None else "GET", path, body)
        except Refused as refused:
            if refused.status != 429:
                raise
            time.sleep(0.5)


def main():
    print(f"{REQUESTS} requests of {PEOPLE} people, {KILLS} kills; SEED={SEED} repeats it", flush=True)
    day = Day()
    people = day.prepare()
    began = time.monotonic()
    for person in people:
        person.start()
    kills = day.kill_now_and_then(people)
    took = time.monotonic() - began
    faults, jobs, rows = check(day, people)
    calls, lost = sum(p.calls for p in people), sum(p.lost for p in people)
    print("%d calls answered, %d without an answer, in %.0f s (%.0f a second); %d kills" % (
        calls, lost, took, calls / took, kills))
    print("%d jobs, %d credentials, %d tokens, %d audit rows" % (
        jobs, sum(len(p.credentials) for p in people), sum(len(p.tokens) for p in people), rows))
    print("%d refreshes; %d whose answer a kill took, so that the session had to begin anew" % (
        sum(p.refreshes for p in people), sum(p.refresh_lost for p in people)))
    marks = [day.memory[0], day.memory[len(day.memory) // 2], day.memory[-1]]
    print("memory: " + "; ".join("%.0f MB after %d" % (now, at) for at, now, _ in marks)
          + "; %.0f MB at most" % max(most for _, _, most in day.memory))
    print("\n".join(f"FAULT {fault}" for fault in faults[:50]) or "Nothing that was acknowledged is lost.")
    day.server.stop()
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
