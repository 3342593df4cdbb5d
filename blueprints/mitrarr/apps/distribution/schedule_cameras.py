#!/usr/bin/env python3
"""Turns FindFace's cameras on and off by their windows.

  schedule_cameras.py --at 2026-11-20T08:00:00-04:00 --zone America/Boa_Vista

`files` has `cameras.json`: a list of `{camera, days, windows}`. A camera that already is as it should be is left so.
"""
import argparse
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from apps.distribution.domain import FindFaceCredential, InvariantBroken, ScheduleTask  # noqa: E402
from apps.distribution.gateway import FindFace  # noqa: E402
from apps.shared import step  # noqa: E402


def schedule_cameras(tasks: Iterable[ScheduleTask], moment: datetime, findface: FindFace
                     ) -> dict[str, list[str]]:
    """Gives which cameras were turned on and off."""
    changed: dict[str, list[str]] = {"on": [], "off": []}
    for task in tasks:
        is_on = task.is_on(moment)
        if findface.switch(task.camera, is_on):
            changed["on" if is_on else "off"].append(task.camera)
    return changed


def main() -> None:
    """One attempt of the step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", required=True, type=datetime.fromisoformat)
    parser.add_argument("--zone", required=True, type=ZoneInfo)
    options = parser.parse_args()
    try:
        entries = json.loads(step.file("cameras.json").read_text(encoding="utf-8"))
        tasks = [ScheduleTask.parse(entry) for entry in entries]
    except (InvariantBroken, ValueError) as error:
        raise step.WrongConfiguration(f"cameras.json: {error}") from None
    connection = step.connection()
    findface = FindFace(FindFaceCredential(connection.text("url"), connection.secret("token")))
    step.output(schedule_cameras(tasks, options.at.astimezone(options.zone), findface))


if __name__ == "__main__":
    step.run(main)
