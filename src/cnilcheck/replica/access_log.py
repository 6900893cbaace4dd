"""The access logs of the replica, in nginx's combined format."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from cnilcheck.replica.people import Person

# Not strftime: month names must not follow the locale of the auditor's computer.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737: documentation only
_AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (iPhone)", "Mozilla/5.0 (Android 11)")
_OPENS, _CLOSES, _SATURDAY = time(8), time(19), 5

# Minutes between two requests, at least and at most: working days, Saturdays, Sundays.
_FLAWED_RHYTHM = ((2.0, 4.0), (5.0, 9.0), (15.0, 30.0))
_MENDED_RHYTHM = ((9.0, 11.0), (9.0, 11.0), (25.0, 35.0))

_PLUGIN = "/wp-content/plugins/depistage"
_PUBLIC = (
    "/",
    f"{_PLUGIN}/style.css",
    "/robots.txt",
    f"{_PLUGIN}/",
    f"{_PLUGIN}/export-2021-08.csv",
)
_WEIGHTS = (50, 40, 4, 4, 2)


def flawed_log(day: date, people: tuple[Person, ...]) -> str:
    """Three weeks that end on the day: nobody named, two silences, personal data in addresses."""
    draw = random.Random(f"cnilcheck: flawed log of {day}")
    holes = (
        (_working_day(day - timedelta(days=8), time(9, 5)), timedelta(hours=7)),
        (_working_day(day - timedelta(days=15), time(13, 30)), timedelta(hours=2, minutes=30)),
    )
    lines = []
    for moment in _moments(draw, day, 21, _FLAWED_RHYTHM):
        if not any(start <= moment < start + length for start, length in holes):
            lines.append(_line(draw, moment, "-", f"GET {_flawed_target(draw, people)}", 200))
    return "".join(lines)


def mended_log(day: date) -> str:
    """Two hundred days that end on the day: everybody named, no silence, no personal data."""
    draw = random.Random(f"cnilcheck: mended log of {day}")
    lines = []
    for moment in _moments(draw, day, 200, _MENDED_RHYTHM):
        request, status = _mended_request(draw)
        lines.append(_line(draw, moment, f"ph-{draw.randint(1, 30):04d}", request, status))
    return "".join(lines)


def _moments(
    draw: random.Random, day: date, days: int, rhythm: tuple[tuple[float, float], ...]
) -> Iterator[datetime]:
    """The moments of all requests; the last day stops after midnight: none lies in the future."""
    for back in reversed(range(days)):
        today = day - timedelta(days=back)
        for minutes in sorted(draw.sample(range(2, 40), 3)):
            yield datetime.combine(today, time(0, minutes, draw.randrange(60)))
        if not back:
            return
        least, most = rhythm[max(0, today.weekday() - _SATURDAY + 1)]
        moment = datetime.combine(today, _OPENS) + timedelta(seconds=draw.randrange(90))
        while moment.time() < _CLOSES:
            yield moment
            moment += timedelta(seconds=round(60 * draw.uniform(least, most)))


def _working_day(day: date, start: time) -> datetime:
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return datetime.combine(day, start)


def _flawed_target(draw: random.Random, people: tuple[Person, ...]) -> str:
    person, chance = draw.choice(people), draw.random()
    if chance < 0.04:
        return f"/resultats/recherche?{urlencode({'nir': person.nir, 'nom': person.surname})}"
    if chance < 0.06:
        return f"/desinscription?{urlencode({'courriel': person.email})}"
    return draw.choices(_PUBLIC, _WEIGHTS)[0]


def _mended_request(draw: random.Random) -> tuple[str, int]:
    result = f"/resultats/{draw.randbytes(16).hex()}.pdf"
    requests = {
        ("POST /espace-pharmacien/connexion", 303): 20,
        ("POST /espace-pharmacien/connexion", 200): 3,
        (f"GET {result}", 200): 40,
        ("POST /resultats/", 201): 25,
        (f"PUT {result}", 200): 5,
        (f"DELETE {result}", 204): 2,
        ("POST /espace-pharmacien/exports", 201): 3,
        ("POST /administration/droits", 200): 2,
    }
    return draw.choices(list(requests), list(requests.values()))[0]


def _line(draw: random.Random, moment: datetime, user: str, request: str, status: int) -> str:
    address = f"{draw.choice(_NETWORKS)}.{draw.randint(1, 254)}"
    stamp = f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0100"
    size, agent = draw.randint(180, 9000), draw.choice(_AGENTS)
    return f'{address} - {user} [{stamp}] "{request} HTTP/1.1" {status} {size} "-" "{agent}"\n'
