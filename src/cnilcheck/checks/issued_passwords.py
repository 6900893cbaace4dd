"""Judgements of the passwords a service draws and hands out itself."""

from __future__ import annotations

from cnilcheck.model.facts import PasswordGenerator, PasswordGenerators, PasswordHashes
from cnilcheck.model.text import Text, Value, spell
from cnilcheck.model.verdict import Answer, Verdict, failed, not_applicable, passed, undecided
from cnilcheck.model.words import Lang


def generators_strong(fact: PasswordGenerators, /, *, bits: float) -> Answer:
    """Pass for each place that draws a password from a true chance, of at least that entropy."""
    return tuple(_drawn(one, bits) for one in fact.found)


def _drawn(one: PasswordGenerator, bits: float) -> Verdict:
    told: dict[str, Value] = {"function": one.function, "length": one.length}
    flaws = []
    if one.bits is not None and one.bits < bits:
        short = f"{one.length} caractères, {spell(one.bits, Lang.FR)} bits au plus"
        en = f"{one.length} characters, at most {spell(one.bits, Lang.EN)} bits"
        flaws.append(Text(short, en))
    if one.foreseeable:
        flaws.append(Text("un hasard qui se devine", "a chance that can be foretold"))
    if flaws:
        return failed(one.place, **told, flaws=tuple(flaws))
    return undecided(one.place) if one.bits is None else passed(one.place, **told, bits=one.bits)


def given_passwords_strong(fact: PasswordHashes, /, *, bits: float) -> Verdict:
    """Pass when readable passwords that a program drew have at least that entropy."""
    if fact.alike is None:
        return not_applicable()
    told: dict[str, Value] = {
        "count": fact.alike.count, "length": fact.alike.length, "bits": fact.alike.bits,
    }  # fmt: skip
    return failed(**told) if fact.alike.bits < bits else passed(**told)
