"""Counts the tests of one run from Swift Testing's event stream.

Usage: count_tests.py EVENTS EXIT_CODE. Prints why tests were skipped, which failed, and at last
`N passed, N failed, N skipped`. A test that began and did not end, because the process crashed, has
failed; so has a run that ended badly without one.
"""

import json
import sys


def read(path):
    """The records of the stream. A crash may cut the last one short: it is left out."""
    try:
        with open(path, encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def count(records):
    """How many functions passed, which failed and which were skipped (with the reason), whether all ended."""
    names, begun, ended, faulty, skipped = {}, {}, set(), {}, {}
    finished = False
    for record in records:
        payload = record["payload"]
        if record["kind"] == "test":
            if payload["kind"] == "function":
                names[payload["id"]] = payload.get("displayName") or payload["name"]
            continue
        kind, test = payload["kind"], payload.get("testID")
        texts = [message["text"] for message in payload.get("messages", [])]
        if kind == "testStarted":
            begun[test] = True
        elif kind == "testEnded":
            ended.add(test)
        elif kind in ("testSkipped", "testCancelled"):
            skipped[test] = " ".join(texts)
        elif kind == "issueRecorded":
            issue = payload.get("issue", {})
            if not issue.get("isKnown") and issue.get("isFailure", True):
                faulty.setdefault(test, " ".join(texts).split("\n")[0][:300] or "An issue without a text.")
        elif kind == "runEnded":
            finished = True

    for test in names:
        if test in begun and test not in ended and test not in skipped:
            faulty[test] = "The test began and did not end: the process crashed or was ended."
    def title(test):
        return names.get(test) or test or "outside of a test"

    failed = [(title(test), why) for test, why in faulty.items()]
    skips = [(names[test], why) for test, why in skipped.items() if test in names and test not in faulty]
    passed = sum(test in ended and test not in faulty and test not in skipped for test in names)
    return passed, failed, skips, finished


def main():
    path, code = sys.argv[1], int(sys.argv[2])
    passed, failed, skipped, finished = count(read(path))
    if not failed and (code != 0 or not finished):
        failed.append(("the run itself", f"`swift test` ended with {code} and named no failed test."))
    if passed == 0 and not failed:
        failed.append(("the run itself", "No test ran."))
    for name, why in sorted(skipped):
        print(f"skipped: {name}: {why}")
    for name, why in sorted(failed):
        print(f"failed: {name}: {why}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or code != 0 else 0


sys.exit(main())
