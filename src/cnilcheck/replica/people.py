"""The invented people of the replica.

Everybody here is invented: the surnames are made up, the social security numbers (NIR) carry
commune codes from 950 to 989, which these departments do not use, the telephone numbers come from
the ranges that Arcep keeps for fiction, and the e-mail addresses lie under `.example` (RFC 2606).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date

HOW_MANY = 120

# INSEE: the letters of Corsica are read as 19 and 18 when the key is computed.
CORSICA = {"2A": "19", "2B": "18"}

_WOMEN = "Agathe Camille Denise Elsa Fatou Hélène Inès Lucie Maud Odile Rose Yasmine".split()
_MEN = "Achille Bruno Cédric Driss Émile Félix Gaspard Jules Karim Léon Noé Rémi".split()
_SURNAMES = (
    "Albrevoix Brindaure Castelmoux Doriflet Estravel Fourvignon Grimaubert Hauteroc Isambrun "
    "Jolivoire Kermadou Lanvelec Morfontel Nivardois Orsavelle Pradillon Quintebeuf "
    "Roscanvert Sauvemarc Talmontel Urvezac Valombrel Wimereuil Yvonnard"
).split()
_DEPARTMENTS = "13 29 31 33 35 44 54 59 67 69 75 76 92".split()
_PLAIN = str.maketrans("éèÉ", "eeE")


@dataclass(frozen=True)
class Person:
    """One invented person and the result of one invented test."""

    surname: str
    first_name: str
    nir: str
    born_on: date
    telephone: str
    email: str
    result: str


def nir_key(number: str) -> str:
    """The two-digit key of a NIR of thirteen characters."""
    department = number[5:7]
    digits = number[:5] + CORSICA.get(department, department) + number[7:]
    return f"{97 - int(digits) % 97:02d}"


def invented_people() -> tuple[Person, ...]:
    """The same people each time, two of them born in Corsica."""
    draw = random.Random("cnilcheck: invented people")
    return tuple(_person(draw, index) for index in range(HOW_MANY))


def _person(draw: random.Random, index: int) -> Person:
    woman = draw.random() < 0.5
    first_name = draw.choice(_WOMEN if woman else _MEN)
    surname = draw.choice(_SURNAMES)
    born_on = date(draw.randint(1935, 2005), draw.randint(1, 12), draw.randint(1, 28))
    mobile = draw.random() < 0.8
    line = draw.randint(0, 9999)
    address = f"{first_name}.{surname}{index}".lower().translate(_PLAIN)
    return Person(
        surname=surname,
        first_name=first_name,
        nir=_nir(draw, woman, born_on, {7: "2A", 19: "2B"}.get(index)),
        born_on=born_on,
        telephone=f"{'06 39 98' if mobile else '01 99 00'} {line // 100:02d} {line % 100:02d}",
        email=f"{address}@{draw.choice(('courriel', 'messagerie', 'poste'))}.example",
        result="positif" if draw.random() < 0.15 else "négatif",
    )


def _nir(draw: random.Random, woman: bool, born_on: date, department: str | None) -> str:
    place = department or draw.choice(_DEPARTMENTS)
    commune, order = draw.randint(950, 989), draw.randint(1, 999)
    number = f"{2 if woman else 1}{born_on:%y%m}{place}{commune}{order:03d}"
    return number + nir_key(number)
