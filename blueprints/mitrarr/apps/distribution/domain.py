"""Cards of FindFace and the times at which its cameras look, as MITRARR means them."""
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time


class InvariantBroken(ValueError):
    """A value that cannot be."""


@dataclass(frozen=True, slots=True)
class FindFaceCredential:
    """Where FindFace is and the token that it asks for, which is never shown."""

    url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise InvariantBroken(f"{self.url!r} is no address of FindFace")
        if not self.token or any(mark.isspace() for mark in self.token):
            raise InvariantBroken("the token is empty or holds a space")


@dataclass(frozen=True, slots=True)
class Card:
    """A person of interest as FindFace keeps it, under our own id."""

    id: int
    name: str
    image_uri: str
    meta: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.id <= 0:
            raise InvariantBroken(f"{self.id} is no id of a card")
        if not self.name.strip():
            raise InvariantBroken(f"the card {self.id} has no name")

    @staticmethod
    def from_row(row: Mapping[str, object]) -> "Card":
        """A row of `outbound_cards`."""
        canary = row.get("canary")
        meta = {"sha256": str(row["hash"])} | ({"canary": str(canary)} if canary else {})
        return Card(int(str(row["id"])), str(row["card_name"]), str(row["image_uri"]), meta)

    def wire(self) -> dict[str, object]:
        """As the API takes it."""
        return {"id": self.id, "name": self.name, "image_uri": self.image_uri, "meta": dict(self.meta)}


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a day, without its end; one that goes over midnight is two windows."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end != time(0) and self.start >= self.end:
            raise InvariantBroken(f"{self} ends before it starts; write two windows for a night")

    def holds(self, moment: time) -> bool:
        """Whether the moment lies in it. An end of 00:00 is the end of the day."""
        return self.start <= moment and (self.end == time(0) or moment < self.end)

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"

    @staticmethod
    def parse(text: str) -> "Window":
        """Reads `08:00-18:30`."""
        try:
            start, end = text.split("-")
            return Window(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
        except InvariantBroken:
            raise
        except ValueError:
            raise InvariantBroken(f"{text!r} is no window; write it as 08:00-18:30") from None


@dataclass(frozen=True, slots=True)
class ScheduleTask:
    """When a camera is on: on these days of the week (0 is Monday), in these windows."""

    camera: str
    days: tuple[int, ...]
    windows: tuple[Window, ...]

    def __post_init__(self) -> None:
        if not self.camera.strip():
            raise InvariantBroken("the camera has no name")
        if not self.days or len(set(self.days)) < len(self.days) or not set(self.days) <= set(range(7)):
            raise InvariantBroken(f"{self.camera}: days are 0 (Monday) to 6, each once")
        if not self.windows:
            raise InvariantBroken(f"{self.camera} has no window")
        ordered = sorted(self.windows, key=lambda window: window.start)
        for before, after in zip(ordered, ordered[1:]):
            if before.end == time(0) or after.start < before.end:
                raise InvariantBroken(f"{self.camera}: {before} and {after} overlap")

    def is_on(self, moment: datetime) -> bool:
        """Whether the camera should be on, by the clock on its wall."""
        local = moment.time().replace(tzinfo=None)
        return moment.weekday() in self.days and any(window.holds(local) for window in self.windows)

    @staticmethod
    def parse(raw: Mapping[str, object]) -> "ScheduleTask":
        """Reads an entry of `config/cameras.json`."""
        days, windows = raw.get("days"), raw.get("windows")
        if not isinstance(days, list) or not isinstance(windows, list):
            raise InvariantBroken(f"{raw.get('camera')}: days and windows are lists")
        return ScheduleTask(
            str(raw.get("camera", "")), tuple(int(day) for day in days),
            tuple(Window.parse(str(window)) for window in windows))
