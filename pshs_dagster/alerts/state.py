"""What was told to whom, kept as small JSON in the sensor's cursor, and what is still to be told.

Memory is level-based: it holds what is wrong and what each service was told of it, not a list of messages. So a
service that was down for days is told what is wrong now, and what is over, and nothing twice. It knows neither
Dagster nor the words of messages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, Field, ValidationError

from pshs_dagster.alerts.troubles import Trouble, fingerprints

KEPT_PRINTS = 20
"""Fingerprints of one trouble that a service was told. A trouble that takes on more forms is worth repeating."""

GIVE_UP_AFTER = timedelta(days=7)
"""So long it is tried to tell a service that something is over."""

Troubled = Mapping[str, Sequence[Trouble]]
"""What is wrong now, by what it is about."""


class Open(BaseModel):
    """One thing that is wrong, or is over and not everybody knows."""

    since: datetime
    over: datetime | None = None
    """When it was seen to be over."""
    was: list[str] = Field(default_factory=list[str])
    """What was wrong last, in lines for people."""
    run_id: str = ""
    """The run that failed, where it is about no release: to be asked again."""
    prints: list[str] = Field(default_factory=list[str])
    """Fingerprints of what is wrong now."""
    told: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    """The fingerprints that each service was told since it began."""
    done: list[str] = Field(default_factory=list[str])
    """The services that know that it is over."""


class Memory(BaseModel):
    """All that is remembered from one tick to the next."""

    seen: datetime | None = None
    """The end of the newest run that was looked at; None before the first look."""
    services: list[str] = Field(default_factory=list[str])
    """Those of the last tick."""
    open: dict[str, Open] = Field(default_factory=dict[str, Open])
    digest: str = ""
    """The newest issue whose digest was to be told, and to whom it was."""
    digest_told: list[str] = Field(default_factory=list[str])

    @classmethod
    def read(cls, cursor: str | None) -> Memory:
        """What a cursor says; nothing where it is none of ours."""
        try:
            return cls.model_validate_json(cursor or "{}")
        except ValidationError:
            return cls()

    def written(self) -> str:
        """The cursor."""
        return self.model_dump_json(exclude_defaults=True)

    def meet(self, services: Sequence[str]) -> None:
        """Take in which services there are. A new one is told what is wrong, not what is over."""
        new = [service for service in services if service not in self.services]
        if self.digest:
            self.digest_told += new
        for entry in self.open.values():
            if entry.over:
                entry.done += new
            entry.told = {service: prints for service, prints in entry.told.items() if service in services}
        self.services = list(services)
        self._forget()

    def observe(self, troubled: Troubled, judged: Collection[str], lines: Mapping[str, str], now: datetime) -> None:
        """Take in what is wrong now with the things that were judged; `lines` tells each in a line for people."""
        for subject in judged:
            troubles = troubled.get(subject, ())
            entry = self.open.get(subject)
            if troubles:
                if entry is None:
                    entry = self.open[subject] = Open(since=now)
                # To whoever knows that it was over, it is a new trouble.
                entry.told = {service: told for service, told in entry.told.items() if service not in entry.done}
                entry.over, entry.done = None, []
                entry.prints = fingerprints(troubles)
                entry.run_id = troubles[0].run_id
                entry.was = [lines[subject]]
            elif entry is not None and entry.over is None:
                entry.over = now

    def to_tell(self, service: str) -> list[str]:
        """What is wrong in a way that a service was not told yet, the longest ago first."""
        return [
            subject
            for subject, entry in sorted(self.open.items(), key=lambda each: each[1].since)
            if entry.over is None and set(entry.prints) - set(entry.told.get(service, ()))
        ]

    def to_end(self, service: str) -> list[str]:
        """What is over and a service does not know so."""
        return [
            subject
            for subject, entry in sorted(self.open.items(), key=lambda each: each[1].since)
            if entry.over is not None and service not in entry.done
        ]

    def told(self, service: str, subjects: Collection[str]) -> None:
        """A service was told what is wrong with these."""
        for subject in subjects:
            entry = self.open[subject]
            before = [each for each in entry.told.get(service, ()) if each not in entry.prints]
            entry.told[service] = [*before, *entry.prints][-KEPT_PRINTS:]

    def ended(self, service: str, subjects: Collection[str]) -> None:
        """A service was told that these are over."""
        for subject in subjects:
            self.open[subject].done.append(service)
        self._forget()

    def expect_digest(self, issue: str) -> None:
        """An issue newer than all before is to be told of."""
        if issue > self.digest:
            self.digest, self.digest_told = issue, []

    def wants_digest(self, service: str) -> bool:
        """Whether a service is to be told of the newest issue yet."""
        return bool(self.digest) and service not in self.digest_told

    def give_up(self, now: datetime) -> None:
        """Forget what is over for so long that nobody need be told any more."""
        self.open = {s: e for s, e in self.open.items() if e.over is None or now < e.over + GIVE_UP_AFTER}

    def _forget(self) -> None:
        """Forget what is over and everybody knows to be."""
        everybody = set(self.services)
        self.open = {s: e for s, e in self.open.items() if e.over is None or everybody - set(e.done)}
