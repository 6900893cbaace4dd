"""Judgements of the cryptography module: what listeners accept and how secrets are stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateKey,
    CertificateNames,
    DatabaseEncryption,
    TlsFlaw,
    TlsKeyExchange,
    TlsProtocols,
    TlsSuites,
)
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import Context, Verdict, failed, passed, undecided


def only_protocols(fact: TlsProtocols, /, *, allowed: tuple[str, ...]) -> Verdict:
    """Pass when the listener accepts no protocol version beyond the allowed ones.

    A version that could not be determined leaves the question open.
    """
    unexpected = tuple(p for p in fact.accepted if p not in allowed)
    if unexpected:
        return failed(accepted=fact.accepted, unexpected=unexpected)
    unknown = tuple(p for p in fact.undetermined if p not in allowed)
    if unknown or not fact.accepted:
        return undecided(unknown=unknown)
    return passed(accepted=fact.accepted)


def only_suites(fact: TlsSuites, /, *, allowed: tuple[str, ...]) -> Verdict:
    """Pass when every accepted suite is among the allowed ones, by IANA name."""
    unexpected = _names(s.name for s in fact.suites if s.name not in allowed)
    if unexpected:
        return failed(unexpected=unexpected, count=len(unexpected))
    return passed(accepted=_names(s.name for s in fact.suites))


def no_broken_suites(
    fact: TlsSuites, /, *, ciphers: tuple[str, ...], authentications: tuple[str, ...], bits: int
) -> Verdict:
    """Pass when no accepted suite uses a broken cipher, none at all, or does not authenticate.

    `bits` is the least key size; a NULL cipher has 0.
    """
    broken = _names(
        s.name
        for s in fact.suites
        if s.cipher in ciphers or s.authentication in authentications or s.bits < bits
    )
    return failed(broken=broken) if broken else passed(count=len(fact.suites))


def forward_secret(fact: TlsSuites, /, *, key_exchanges: tuple[str, ...]) -> Verdict:
    """Pass when every accepted suite exchanges keys in one of these ephemeral ways."""
    lasting = _names(s.name for s in fact.suites if s.key_exchange not in key_exchanges)
    return failed(lasting=lasting) if lasting else passed(count=len(fact.suites))


def key_exchange_strong(
    fact: TlsKeyExchange, /, *, weak_groups: tuple[str, ...], dh_bits: int
) -> Verdict:
    """Pass when no weak group is accepted, and no finite field under `dh_bits`."""
    weak = tuple(g for g in fact.groups if g in weak_groups)
    weak += tuple(f"DH {bits} bits" for bits in fact.dh_bits if bits < dh_bits)
    return failed(weak=weak) if weak else passed(groups=fact.groups)


_FAULTS = {
    "self_signed": Text("auto-signé", "self-signed"),
    "unknown_authority": Text("signé par une autorité inconnue", "signed by an unknown authority"),
    "incomplete": Text(
        "présenté sans la chaîne qui mène à une autorité connue",
        "presented without the chain that leads to a known authority",
    ),
    "invalid": Text("non valide", "not valid"),
}
_ANCHORS = {
    "system": Text("une autorité publique reconnue", "a recognised public authority"),
    "scope": Text(
        "l’autorité privée indiquée dans le périmètre", "the private authority the scope names"
    ),
}


def chain_trusted(fact: CertificateChain, /) -> Verdict:
    """Pass when the chain leads to a public authority, or to one the scope names."""
    if fact.validation == "valid" and fact.anchor in _ANCHORS:
        return passed(anchor=_ANCHORS[fact.anchor])
    return failed(fault=_FAULTS.get(fact.validation, _FAULTS["invalid"]))


def names_match(fact: CertificateNames, /) -> Verdict:
    """Pass when the certificate covers the name it was asked under."""
    if fact.covers_asked:
        return passed(asked=fact.asked)
    return failed(asked=fact.asked, names=fact.names)


def certificate_in_force(fact: CertificateDates, context: Context, /) -> Verdict:
    """Pass when the day judged for lies inside the validity period, both days included."""
    starts, ends = fact.not_before.date(), fact.not_after.date()
    if starts <= context.as_of <= ends:
        return passed(ends=ends, days=(ends - context.as_of).days)
    return failed(starts=starts, ends=ends)


def lifetime_limited(fact: CertificateDates, /, *, days: int) -> Verdict:
    """Pass when the validity period is no longer than `days` (a day has 86,400 seconds)."""
    lifetime = fact.not_after - fact.not_before
    whole = -(-lifetime // dt.timedelta(days=1))
    return (passed if whole <= days else failed)(lifetime=whole, limit=days)


def key_strong(
    fact: CertificateKey, /, *, rsa_bits: int, curve_bits: int, hashes: tuple[str, ...]
) -> Verdict:
    """Pass when the key is large enough and the signature's hash is one of `hashes`."""
    values: dict[str, Value] = {
        "algorithm": fact.algorithm,
        "bits": fact.bits,
        "signature": fact.signature_hash,
    }
    if fact.algorithm == "DSA":
        return failed(**values)
    least = rsa_bits if fact.algorithm == "RSA" else curve_bits
    strong = fact.bits >= least and fact.signature_hash in hashes
    return (passed if strong else failed)(**values)


def flaw_absent(fact: TlsFlaw, /) -> Verdict:
    """Pass when the flaw was tested for and is not there."""
    return (failed if fact.present else passed)(flaw=fact.name)


def database_encrypted(fact: DatabaseEncryption, /) -> Verdict:
    """Pass when the database offers TLS and goes on without it for nobody."""
    if not fact.offers_tls:
        return failed(product=fact.product, how=_NO_TLS)
    if fact.accepts_plaintext:
        return failed(product=fact.product, how=_TLS_OPTIONAL)
    if fact.accepts_plaintext is None:
        return undecided()
    return passed(product=fact.product)


_NO_TLS = Text("n’offre pas TLS", "offers no TLS")
_TLS_OPTIONAL = Text("offre TLS, mais accepte aussi de s’en passer", "offers TLS, but not only")


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
