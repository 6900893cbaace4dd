"""Judgements of the cryptography module: what listeners accept and how secrets are stored."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateKey,
    CertificateNames,
    ServiceEncryption,
    HashGroup,
    PasswordHashes,
    PlainHttp,
    SecurityPractice,
    SignInPage,
    SshAlgorithms,
    SshGroupExchange,
    SshHostKeys,
    SshServer,
    StoredData,
    StrictTransport,
    TlsFlaw,
    TlsKeyExchange,
    TlsProtocols,
    TlsSuites,
)
from cnilcheck.model.text import Text, Value
from cnilcheck.model.verdict import Context, Verdict, failed, not_applicable, passed, undecided


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


def service_encrypted(fact: ServiceEncryption, /) -> Verdict:
    """Pass when the service offers TLS, and takes no credentials without it."""
    if not fact.offers_tls:
        return failed(product=fact.product, how=_NO_TLS)
    if fact.accepts_plaintext:
        return failed(product=fact.product, how=_TLS_OPTIONAL)
    if fact.accepts_plaintext is None:
        return undecided()
    return passed(product=fact.product)


_NO_TLS = Text("n’offre pas TLS", "offers no TLS")
_TLS_OPTIONAL = Text(
    "offre TLS, mais accepte aussi les mots de passe en clair",
    "offers TLS, but takes passwords in clear too",
)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))

_CLEAR = "clear text"
_UNKNOWN = "unrecognised"
_NO_PASSWORD = ("empty", "no password (locked account)")


def password_functions_accepted(
    fact: PasswordHashes, /, *, accepted: tuple[str, ...], legacy: tuple[str, ...]
) -> Verdict:
    """Pass when each stored password was made by a slow, salted function the CNIL names.

    Names match from their beginning: `Argon2` stands for Argon2id and its kin. `legacy` ones are
    slow and salted without being named: they leave the question open. Clear text has its own rule.
    """
    hashed = [g for g in fact.groups if g.function not in (_CLEAR, _UNKNOWN, *_NO_PASSWORD)]
    good = [g for g in hashed if g.salted and g.function.startswith(accepted)]
    slow = [g for g in hashed if g.salted and g.function.startswith(legacy)]
    weak = [g for g in hashed if g not in good and g not in slow]
    if weak:
        return failed(weak=_counted(weak), total=fact.total)
    unsure = slow + [g for g in fact.groups if g.function == _UNKNOWN]
    if unsure:
        return undecided(unsure=_counted(unsure))
    if not good:
        return not_applicable()
    if fact.repeated:
        # With a salt per account all stored values differ; an extract may also repeat lines.
        n = fact.repeated
        return undecided(unsure=Text(f"{n} valeurs répétées", f"{n} repeated values"))
    return passed(functions=_counted(good))


class PasswordCosts(Struct, frozen=True, forbid_unknown_fields=True):
    """Published thresholds: any line suffices; (m in KiB, t, p) for Argon2, (N, r, p) for scrypt.

    `argon2i_passes` is the least t of Argon2i; `pbkdf2` holds iterations by function.
    """

    argon2: tuple[tuple[int, int, int], ...]
    argon2i_passes: int
    scrypt: tuple[tuple[int, int, int], ...]
    bcrypt: int
    pbkdf2: dict[str, int]


_WITH_COST = ("Argon2", "scrypt", "bcrypt", "PBKDF2", "yescrypt", "balloon")


def password_costs_sufficient(fact: PasswordHashes, /, *, costs: PasswordCosts) -> Verdict:
    """Pass when each slow function reaches one line of its published threshold."""
    judged = [
        (group, _cost_reached(group, costs))
        for group in fact.groups
        if group.function.startswith(_WITH_COST)
    ]
    short = [group for group, reached in judged if reached is False]
    if short:
        return failed(short=_priced(short))
    unsaid = [group for group, reached in judged if reached is None]
    if unsaid:
        return undecided(unsaid=_priced(unsaid))
    return passed(enough=_priced([group for group, _ in judged])) if judged else not_applicable()


def _cost_reached(group: HashGroup, costs: PasswordCosts) -> bool | None:
    """Return whether the parameters suffice; None without a threshold or without parameters."""
    of = group.parameters
    if group.function.startswith("Argon2") and {"m", "t", "p"} <= set(of):
        passes = costs.argon2i_passes if group.function == "Argon2i" else 0
        reached = any(of["m"] >= m and of["t"] >= t and of["p"] >= p for m, t, p in costs.argon2)
        return reached and of["t"] >= passes
    if group.function == "scrypt" and {"n", "r", "p"} <= set(of):
        # 128 x N x r bytes of memory, used p times (RFC 7914).
        return any(of["n"] * of["r"] >= n * r and of["p"] >= p for n, r, p in costs.scrypt)
    if group.function.startswith("bcrypt") and "cost" in of:
        return of["cost"] >= costs.bcrypt
    least = costs.pbkdf2.get(group.function.partition(" ")[0])
    if least is not None and "iterations" in of:
        return of["iterations"] >= least
    return None


def passwords_not_in_clear(fact: PasswordHashes, /) -> Verdict:
    """Pass when no stored password can be read as it was typed."""
    clear = sum(group.count for group in fact.groups if group.function == _CLEAR)
    if clear:
        return failed(clear=clear, total=fact.total)
    unknown = sum(group.count for group in fact.groups if group.function == _UNKNOWN)
    if unknown:
        return undecided(unknown=unknown, total=fact.total)
    if all(group.function in _NO_PASSWORD for group in fact.groups):
        return not_applicable()
    return passed(total=fact.total)


def stored_data_encrypted(fact: StoredData, /) -> Verdict:
    """Pass when the sample is provably encrypted.

    A readable backup or database file fails; a readable extract fails when personal data show.
    """
    if fact.encrypted:
        return passed(format=fact.format)
    personal = tuple(
        Text(f"{_PERSONAL[c.kind].fr} ({c.count})", f"{_PERSONAL[c.kind].en} ({c.count})")
        for c in fact.personal
    )
    if fact.kind == "extract" and not personal:
        return undecided(format=fact.format)
    return failed(format=fact.format, personal=personal)


def encryption_at_rest_declared(fact: SecurityPractice, /) -> Verdict:
    """Pass when both the stored data and the backups are declared as encrypted."""
    answers = {
        Text("les données stockées", "the stored data"): fact.encryption_at_rest,
        Text("les sauvegardes", "the backups"): fact.backups_encrypted,
    }
    clear = tuple(what for what, encrypted in answers.items() if encrypted is False)
    if clear:
        return failed(clear=clear)
    return undecided() if None in answers.values() else passed()


_PERSONAL = {
    "nir": Text("numéros de sécurité sociale", "social security numbers"),
    "email": Text("adresses électroniques", "e-mail addresses"),
    "phone": Text("numéros de téléphone", "phone numbers"),
    "birth_date": Text("dates de naissance", "dates of birth"),
    "test_result": Text("résultats de tests", "test results"),
    "credential": Text("identifiants ou jetons", "credentials or tokens"),
}
_FRENCH_FUNCTIONS = (
    (r"^salted (.+)$", r"\1 salé"),
    (r"hex digits", "chiffres hexadécimaux"),
    (r"bytes in base64", "octets en base64"),
    (r"or other 16 bytes", "ou autres 16 octets"),
    (r" or half ", " ou demi-"),
    (r" or ", " ou "),
    (r"iterated (\S+)\)", r"\1 itéré)"),
    (r"salted (\S+)\)", r"\1 salé)"),
    (r"^unrecognised$", "format non reconnu"),
    (r"extended DES", "DES étendu"),
)


def _function(group: HashGroup) -> Text:
    french = group.function
    for pattern, words in _FRENCH_FUNCTIONS:
        french = re.sub(pattern, words, french)
    return Text(french, group.function)


def _counted(groups: Iterable[HashGroup]) -> tuple[Text, ...]:
    # The same function with other parameters is one line.
    counts: dict[Text, int] = {}
    for group in groups:
        name = _function(group)
        counts[name] = counts.get(name, 0) + group.count
    return tuple(Text(f"{n} × {name.fr}", f"{n} × {name.en}") for name, n in counts.items())


def _priced(groups: Iterable[HashGroup]) -> tuple[Text, ...]:
    lines = []
    for group in groups:
        cost = " ".join(f"{name}={value}" for name, value in group.parameters.items())
        name = _function(group)
        tail = f" ({cost})" if cost else ""
        lines.append(
            Text(f"{group.count} × {name.fr}{tail}", f"{group.count} × {name.en}{tail}")
        )
    return tuple(lines)


def https_only(fact: PlainHttp, /) -> Verdict:
    """Pass when plain HTTP only sends the visitor to HTTPS; an error page leaves it open."""
    if fact.redirects_to is not None:
        secure = fact.redirects_to.lower().startswith("https://")
        # To another plain address: what that one does is not seen here.
        return passed(redirects_to=fact.redirects_to) if secure else undecided(status=fact.status)
    # 401 over plain HTTP asks for the password in clear.
    served = 200 <= fact.status < 300 or fact.status == 401
    return failed(status=fact.status) if served else undecided(status=fact.status)


def strict_transport_set(fact: StrictTransport, /, *, minimum: int) -> Verdict:
    """Pass when browsers are told to insist on HTTPS for at least that many seconds."""
    if fact.max_age is None:
        return failed(stated=Text("absent ou illisible", "absent or unreadable"), minimum=minimum)
    stated = Text(f"max-age={fact.max_age}", f"max-age={fact.max_age}")
    verdict = passed if fact.max_age >= minimum else failed
    return verdict(stated=stated, minimum=minimum)


def sign_in_encrypted(fact: SignInPage, /) -> Verdict:
    """Pass when the sign-in page comes by HTTPS and its password leaves by HTTPS."""
    if fact.page_scheme == "http":
        return failed(what=Text("la page est servie en HTTP", "the page is served over HTTP"))
    if fact.posts_to_scheme == "http":
        return failed(what=Text("le mot de passe part en HTTP", "the password leaves over HTTP"))
    return passed()


def ssh_2_only(fact: SshServer, /) -> Verdict:
    """Pass when the server speaks protocol 2 and no other."""
    verdict = passed if fact.protocol == "2.0" else failed
    return verdict(protocol=_SSH_1_TOO if fact.protocol == "1.99" else fact.protocol)


_SSH_1_TOO = Text("1.99 (les versions 1 et 2)", "1.99 (both versions 1 and 2)")


def ssh_algorithms_strong(
    fact: SshAlgorithms,
    /,
    *,
    of: Literal["key_exchanges", "host_keys", "ciphers", "macs"],
    weak: tuple[str, ...],
    whole: tuple[str, ...] = (),
) -> Verdict:
    """Pass when no algorithm offered in either direction matches a weak pattern (`*` for any).

    When every cipher matches `whole`, which protects integrity itself, no MAC is ever used.
    """
    offered = _ssh_offered(fact, of)
    if not offered:
        return undecided()
    if of == "macs" and all(_matches(name, whole) for name in _ssh_offered(fact, "ciphers")):
        return not_applicable()
    found = tuple(name for name in offered if _matches(name, weak))
    return failed(weak=found) if found else passed(offered=offered)


def _ssh_offered(fact: SshAlgorithms, of: str) -> tuple[str, ...]:
    match of:
        case "ciphers":
            return _names(fact.ciphers_received + fact.ciphers_sent)
        case "macs":
            return _names(fact.macs_received + fact.macs_sent)
        case "host_keys":
            return fact.host_keys
        case _:
            return fact.key_exchanges


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def ssh_quantum_hybrid(fact: SshAlgorithms, /, *, hybrid: tuple[str, ...]) -> Verdict:
    """Pass when one of the key exchanges offered resists a quantum computer as well."""
    if not fact.key_exchanges:
        return undecided()
    found = tuple(name for name in fact.key_exchanges if name in hybrid)
    return passed(hybrid=found) if found else failed(offered=fact.key_exchanges)


def ssh_group_sufficient(fact: SshGroupExchange, /, *, bits: int) -> Verdict:
    """Pass when the smallest group given on request has at least that size."""
    return (passed if fact.bits >= bits else failed)(bits=fact.bits, needed=bits)


def ssh_host_keys_strong(
    fact: SshHostKeys, /, *, rsa_bits: int, recommended: int, curve_bits: int
) -> Verdict:
    """Pass when every host key shown is large enough, and none is DSA.

    An RSA key below the recommended size passes, and the sentence says so; a key that was offered
    but not shown leaves the question open.
    """
    names = {key: f"{key.algorithm} {key.bits} bits" for key in fact.keys}
    weak = tuple(
        name
        for key, name in names.items()
        if key.algorithm == "DSA" or key.bits < (rsa_bits if key.algorithm == "RSA" else curve_bits)
    )
    if weak:
        return failed(weak=weak)
    if fact.unread or not fact.keys:
        return undecided(unread=fact.unread)
    short = any(key.algorithm == "RSA" and key.bits < recommended for key in fact.keys)
    note = Text(
        f" (pour RSA, {recommended} bits sont recommandés)",
        f" (for RSA, {recommended} bits are recommended)",
    )
    return passed(keys=tuple(names.values()), note=note if short else Text("", ""))
