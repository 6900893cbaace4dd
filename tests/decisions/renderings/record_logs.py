"""Logs of accesses to records that show too many curious accounts, or one that copies all."""

from __future__ import annotations

import datetime as dt
import json

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class _Log:
    """Ordinary days in which each account opens a few records of its own."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.draw = deployment.draw
        self.form = deployment.pick("combined", "json")
        self.folder = deployment.pick(
            "/dossiers/", "/patients/", "/api/records/", "/ehr/patient/", "/usagers/"
        )
        self.query = deployment.pick(True, False)
        self.accounts = [f"{deployment.pick('u', 'agent', 'md')}{n:04d}" for n in range(60)]
        self.records = [self.draw.randint(100_000, 999_999) for _ in range(400)]
        self.lines: list[tuple[dt.datetime, str, int]] = []

    def ordinary(self, days: int) -> None:
        for back in range(days, 0, -1):
            day = self.deployment.day - dt.timedelta(days=back)
            for account in self.draw.sample(self.accounts, 30):
                for _ in range(self.draw.randint(3, 9)):
                    self.add(day, account, self.draw.choice(self.records))

    def add(self, day: dt.date, account: str, record: int) -> None:
        second = self.draw.randint(8 * 3600, 18 * 3600)
        begin = dt.datetime.combine(day, dt.time(), dt.UTC)
        self.lines.append((begin + dt.timedelta(seconds=second), account, record))

    def written(self, name: str) -> Place:
        write = self._combined if self.form == "combined" else self._json
        text = "".join(write(*line) for line in sorted(self.lines))
        path = f"{self.deployment.pick('logs', 'journaux')}/{name}"
        self.deployment.write(path, text, age_days=1)
        self.deployment.source("logs", {"path": path, "class": "application_access"})
        return at(path, path)

    def _combined(self, moment: dt.datetime, account: str, record: int) -> str:
        month = _MONTHS[moment.month - 1]
        when = f"{moment:%d}/{month}/{moment:%Y:%H:%M:%S} +0000"
        asked = f"{self.folder[:-1]}?id={record}" if self.query else f"{self.folder}{record}"
        return f'192.0.2.{self.draw.randint(1, 200)} - {account} [{when}] "GET {asked} HTTP/1.1" 200 4312 "-" "Mozilla/5.0"\n'

    def _json(self, moment: dt.datetime, account: str, record: int) -> str:
        line = {
            "time": moment.isoformat().replace("+00:00", "Z"), "user": account, "method": "GET",
            "path": f"{self.folder}{record}", "status": 200, "ip": "192.0.2.7",
        }  # fmt: skip
        return json.dumps(line) + "\n"


@renders("excessive-rights", "logs")
def one_record_that_all_open(deployment: Deployment) -> Place:
    """Dozens of accounts open the record of one well-known person within a few days."""
    log = _Log(deployment)
    log.ordinary(12)
    curious = deployment.draw.randint(35, 55)
    if not deployment.mended:
        record = deployment.draw.choice(log.records)
        for account in log.accounts[:curious]:
            day = deployment.day - dt.timedelta(days=deployment.draw.randint(2, 4))
            log.add(day, account, record)
    return log.written(deployment.pick("ehr-access.log", "dossiers.log"))


@renders("no-alerting", "logs")
def one_account_that_copies_all(deployment: Deployment) -> Place:
    """One account opens in a day what the others open in a year."""
    log = _Log(deployment)
    log.ordinary(8)
    copied, account = deployment.draw.randint(1500, 3000), deployment.draw.choice(log.accounts)
    if not deployment.mended:
        day = deployment.day - dt.timedelta(days=2)
        for number in deployment.draw.sample(range(1_000_000, 9_000_000), copied):
            log.add(day, account, number)
    return log.written(deployment.pick("application.log", "consultations.log"))
