#!/usr/bin/env python3
"""Queues each new record for STIMAR and works the queue off: the use case RunStimar, on a stand-in.

  run_stimar.py --job ID

The stand-in compares what the register itself knows: a person whom several sources know is an alert. The real
STIMAR asks the sources.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.normalization import domain  # noqa: E402
from apps.normalization.register import Register, opened  # noqa: E402
from apps.shared import step  # noqa: E402


def run_stimar(register: Register, job: str) -> dict[str, int]:
    """One transaction; gives how many requests were queued and worked off, and how many of them alert."""
    with register.transaction():
        queued = register.queue_stimar()
        requests = register.queued_stimar()
        alerts = 0
        for request in requests:
            alert = domain.alert(request, register.sources(request.person))
            register.finish_stimar(request, alert, job)
            alerts += alert is not None
    return {"queued": queued, "done": len(requests), "alerts": alerts}


def main() -> None:
    """One attempt of the step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", required=True, help="for the journal")
    options = parser.parse_args()
    with opened(step.connection().text("path")) as register:
        step.output(run_stimar(register, options.job))


if __name__ == "__main__":
    step.run(main)
