"""Judgements of the cryptography module: what listeners accept and how secrets are stored."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from msgspec import Struct

from cnilcheck.model.facts import (
    CertificateChain,
    CertificateDates,
    CertificateKey,
    CertificateNames,
    CertificateRevocation,
    CertificateSerial,
    CertificateUsage,
    EncryptionAtRestSetting,
    HashCall,
    HashGroup,
    HttpCompression,
    HttpsSetting,
    MixedContent,
    PasswordEncryptionSetting,
    PasswordHashCalls,
    PasswordHasherSetting,
    PasswordHashes,
    PlainHttp,
    SecretsInFiles,
    SecurityLevelSetting,
    SecurityPractice,
    ServiceEncryption,
    SignInPage,
    SshAlgorithms,
    SshAlgorithmSetting,
    SshGroupExchange,
    SshHostKeys,
    SshServer,
    StoredData,
    StrictTransport,
    Suite,
    TlsFeatures,
    TlsFlaw,
    TlsKeyExchange,
    TlsProtocols,
    TlsResumption,
    TlsSetting,
    TlsSuites,
)
from cnilcheck.model.personal_data import SecretKind, SecretSeen
from cnilcheck.model.text import Text, Value, fill
from cnilcheck.model.verdict import (
    Answer,
    Context,
    Verdict,
    failed,
    not_applicable,
    passed,
    undecided,
)


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
    fact: TlsKeyExchange,
    /,
    *,
    weak_groups: tuple[str, ...],
    dh_bits: int,
    only: tuple[str, ...] | None = None,
) -> Verdict:
    """Pass when no weak group is accepted, and no finite field under `dh_bits`.

    With `only`, every other group counts as weak.
    """
    weak = tuple(g for g in fact.groups if g in weak_groups or (only and g not in only))
    weak += tuple(f"DH {bits} bits" for bits in fact.dh_bits if bits < dh_bits)
    return failed(weak=weak) if weak else passed(groups=fact.groups)


_CHAIN_DETAILS = {
    "intermediate out of date": Text(
        "signé par une autorité intermédiaire hors de sa période de validité",
        "signed by an intermediate authority out of its validity period",
    ),
    "intermediate is no authority": Text(
        "signé par un certificat qui n’a pas le droit d’en signer",
        "signed by a certificate that may not sign any",
    ),
    "intermediate too weak": Text(
        "signé par une autorité intermédiaire à la clé ou à la signature trop faible",
        "signed by an intermediate authority with too weak a key or signature",
    ),
    "signature does not match": Text(
        "dont la signature n’est pas celle de l’autorité nommée",
        "whose signature is not that of the authority it names",
    ),
    "constraints not met": Text(
        "hors des limites que son autorité a reçues",
        "outside the limits its authority was given",
    ),
}
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
    fault = _CHAIN_DETAILS.get(fact.detail) or _FAULTS.get(fact.validation, _FAULTS["invalid"])
    return failed(fault=fault)


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
    expired = ends < context.as_of
    state, day = (_EXPIRED, ends) if expired else (_NOT_YET_VALID, starts)
    return failed(state=fill(state, {"day": day}), starts=starts, ends=ends)


_EXPIRED = Text("périmé depuis le {day}", "that expired on {day}")
_NOT_YET_VALID = Text(
    "pas encore valable (il le sera le {day})", "that is not yet valid (it will be on {day})"
)


def lifetime_limited(fact: CertificateDates, /, *, days: int) -> Verdict:
    """Pass when the validity period is no longer than `days` (a day has 86,400 seconds)."""
    lifetime = fact.not_after - fact.not_before
    whole = -(-lifetime // dt.timedelta(days=1))
    return (passed if whole <= days else failed)(lifetime=whole, limit=days)


def key_strong(
    fact: CertificateKey,
    /,
    *,
    rsa_bits: int,
    rsa_exponent: int,
    curve_bits: int,
    hashes: tuple[str, ...],
    only: tuple[str, ...] | None = None,
) -> Verdict:
    """Pass when the key is large enough and the signature's hash is one of `hashes`.

    With `only`, the key must be of one of these kinds.
    """
    values: dict[str, Value] = {
        "algorithm": fact.algorithm,
        "bits": fact.bits,
        "signature": fact.signature_hash,
    }
    if fact.algorithm == "DSA" or (only and fact.algorithm not in only):
        return failed(**values)
    if fact.exponent is not None and fact.exponent < rsa_exponent:
        values["algorithm"] = f"RSA (e = {fact.exponent})"
        return failed(**values)
    least = rsa_bits if fact.algorithm == "RSA" else curve_bits
    strong = fact.bits >= least and fact.signature_hash in hashes
    return (passed if strong else failed)(**values)


def flaw_absent(fact: TlsFlaw, /) -> Verdict:
    """Pass when the flaw was tested for and is not there."""
    return (failed if fact.present else passed)(flaw=_FLAWS.get(fact.name, fact.name))


_FLAWS = {
    "early CCS": Text("CCS prématuré (CVE-2014-0224)", "early CCS (CVE-2014-0224)"),
    "Heartbleed": Text("Heartbleed (CVE-2014-0160)", "Heartbleed (CVE-2014-0160)"),
    "TLS compression": Text("CRIME (compression TLS)", "CRIME (TLS compression)"),
    "client-initiated renegotiation": Text(
        "déni de service par renégociation demandée par le client",
        "denial of service by client-initiated renegotiation",
    ),
    "insecure renegotiation": Text("renégociation non sûre", "insecure renegotiation"),
}


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


def password_salts_long(fact: PasswordHashes, /, *, bits: int) -> Verdict:
    """Pass when the shortest salt of each salted function has at least that many bits.

    Values without any salt are another rule's concern.
    """
    salted = [group for group in fact.groups if group.salted]
    short = [g for g in salted if g.salt_bits is not None and g.salt_bits < bits]
    if short:
        return failed(short=_by_salt(short), bits=bits)
    unseen = [group for group in salted if group.salt_bits is None]
    if unseen:
        return undecided(unseen=_counted(unseen))
    return passed(long=_by_salt(salted), bits=bits) if salted else not_applicable()


def password_salts_unique(fact: PasswordHashes, /, *, tolerated_percent: float) -> Verdict:
    """Pass when no two accounts have the same salt, and none shows that it shares a password.

    Short salts may fall together by chance: up to the tolerated share leaves the question open,
    as do repeated salted values, which an extract with repeated lines shows as well.
    """
    hashed = [g for g in fact.groups if g.function not in (_CLEAR, _UNKNOWN, *_NO_PASSWORD)]
    if not hashed:
        return not_applicable()
    n = fact.shared_salts
    if n * 100 > fact.total * tolerated_percent:
        how = Text(f"{n} valeurs ont le sel d’une autre", f"{n} values have the salt of another")
        return failed(how=how, total=fact.total)
    n = fact.repeated
    same = Text(f"{n} valeurs sont égales à une autre", f"{n} values are equal to another")
    if n and any(not group.salted for group in hashed):
        return failed(how=same, total=fact.total)
    if n or fact.shared_salts:
        return undecided(how=same, total=fact.total)
    if not any(group.salted for group in hashed):
        return not_applicable()
    return passed(total=fact.total)


def password_functions_memory_hard(
    fact: PasswordHashes, /, *, memory_hard: tuple[str, ...], light: tuple[str, ...]
) -> Verdict:
    """Pass when the slow functions in use all need much memory; the weak ones have their rule."""
    cheap = [g for g in fact.groups if g.function.startswith(light)]
    if cheap:
        return failed(light=_counted(cheap))
    hard = [g for g in fact.groups if g.function.startswith(memory_hard)]
    return passed(functions=_counted(hard)) if hard else not_applicable()


def _by_salt(groups: Iterable[HashGroup]) -> tuple[Text, ...]:
    # The same function with other parameters is one line, with its shortest salt.
    shortest: dict[Text, tuple[int, int]] = {}
    for group in groups:
        name, size = _function(group), group.salt_bits or 0
        count, least = shortest.get(name, (0, size))
        shortest[name] = (count + group.count, min(least, size))
    return tuple(
        Text(f"{n} × {name.fr} ({bits} bits)", f"{n} × {name.en} ({bits} bits)")
        for name, (n, bits) in shortest.items()
    )


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
    "iban": Text("numéros de compte bancaire", "bank account numbers"),
    "rpps": Text("numéros de soignant (RPPS)", "caregivers’ numbers (RPPS)"),
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
    (r"^reversible encryption", "chiffrement réversible"),
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
        lines.append(Text(f"{group.count} × {name.fr}{tail}", f"{group.count} × {name.en}{tail}"))
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


def only_protocols_configured(fact: TlsSetting, /, *, allowed: tuple[str, ...]) -> Verdict:
    """Pass when a configuration file switches on no protocol version beyond the allowed ones."""
    if not fact.protocols:
        return undecided()
    unexpected = tuple(p for p in fact.protocols if p not in allowed)
    if unexpected:
        return failed(unexpected=unexpected)
    return passed(protocols=fact.protocols)


def database_passwords_strong(
    fact: PasswordEncryptionSetting, /, *, accepted: tuple[str, ...]
) -> Verdict:
    """Pass when a database hashes its own accounts' passwords with an accepted function."""
    values = {"product": fact.product, "value": fact.value}
    return passed(**values) if fact.value in accepted else failed(**values)


_SECRETS: dict[SecretKind, Text] = {
    "password": Text("un mot de passe ou une clé", "a password or a key"),
    "token": Text("un jeton d’accès", "an access token"),
    "private_key": Text("une clé privée", "a private key"),
    "connection_string": Text(
        "une adresse de connexion avec son mot de passe", "a connection string with its password"
    ),
}


def secrets_out_of_source(
    fact: SecretsInFiles, /, *, source: tuple[str, ...], served: tuple[str, ...]
) -> Answer:
    """Pass when no source file, and no file of a web root that all may read, holds a secret.

    A configuration file that only the service can read is where a secret may lie: it is no failure.
    """
    if not fact.files_read:
        return undecided()
    first: dict[str, SecretSeen] = {}
    for seen in fact.found:
        path = seen.place.rpartition(":")[0]
        if _misplaced(path, seen.open_to_all, source, served):
            first.setdefault(path, seen)
    found = tuple(failed(s.place, what=_SECRETS[s.kind], line=s.masked) for s in first.values())
    return found or passed(files=fact.files_read)


def _misplaced(
    path: str, open_to_all: bool | None, source: tuple[str, ...], served: tuple[str, ...]
) -> bool:
    name = path.rpartition("/")[2].casefold()
    if name.endswith(source) and not path.startswith("/etc/"):
        return True
    return open_to_all is not False and any(fnmatchcase(path, pattern) for pattern in served)


def protocol_offered(fact: TlsProtocols, /, *, protocol: str) -> Verdict:
    """Pass when the listener accepts that version, whatever else it accepts."""
    if protocol in fact.accepted:
        return passed(protocol=protocol)
    if protocol in fact.undetermined or not fact.accepted:
        return undecided()
    return failed(protocol=protocol, accepted=fact.accepted)


def finite_field_sufficient(fact: TlsKeyExchange, /, *, bits: int, floor: int) -> Verdict:
    """Pass when every finite field has at least `bits`; those below `floor` have their own rule."""
    judged = tuple(size for size in fact.dh_bits if size >= floor)
    if not judged:
        return not_applicable()
    short = tuple(size for size in judged if size < bits)
    return failed(short=short, needed=bits) if short else passed(sizes=judged)


def shared_primes_sound(
    fact: TlsKeyExchange, /, *, bits: int, small_subgroups: tuple[str, ...]
) -> Verdict:
    """Pass when no prime that many servers share is under `bits` or has a small subgroup."""
    weak = tuple(
        f"{prime.name}, {prime.bits} bits"
        for prime in fact.shared_primes
        if prime.bits < bits or prime.name in small_subgroups
    )
    if weak:
        return failed(weak=weak)
    return passed(sizes=fact.dh_bits) if fact.dh_bits else not_applicable()


def quantum_hybrid_offered(
    fact: TlsKeyExchange, context: Context, /, *, hybrid: tuple[str, ...], expected_from: dt.date
) -> Verdict:
    """Pass when a hybrid group is accepted; its absence fails only from `expected_from` on."""
    found = tuple(group for group in fact.groups if group in hybrid)
    if found:
        return passed(hybrid=found)
    if not fact.complete:
        return undecided()
    values: dict[str, Value] = {"groups": fact.groups, "expected_from": expected_from}
    return (not_applicable if context.as_of < expected_from else failed)(**values)


_Feature: TypeAlias = Literal[
    "extended_master_secret", "encrypt_then_mac", "fallback_scsv", "server_preference"
]


def feature_on(fact: TlsFeatures, /, *, feature: _Feature, optional: bool = False) -> Verdict:
    """Pass when the listener has that habit; without an occasion for it, no object.

    With `optional`, either way passes.
    """
    value: bool | None = getattr(fact, feature)
    if value is None:
        return undecided() if feature in fact.undetermined else not_applicable()
    return (passed if value or optional else failed)()


def tickets_short(fact: TlsResumption, /, *, seconds: int) -> Verdict:
    """Pass when no session ticket is promised a longer life than `seconds`."""
    if fact.ticket_seconds is None:
        return undecided()
    if fact.ticket_seconds == 0:
        return passed(life=_NO_TICKET)
    verdict = passed if fact.ticket_seconds <= seconds else failed
    return verdict(life=_hours(fact.ticket_seconds))


_NO_TICKET = Text("n’en donne aucun", "it gives none")


def _hours(seconds: int) -> Text:
    if seconds < 7200:
        return Text(f"{seconds // 60} minutes", f"{seconds // 60} minutes")
    return Text(f"{seconds // 3600} heures", f"{seconds // 3600} hours")


def early_data_refused(fact: TlsResumption, /) -> Verdict:
    """Pass when nothing is accepted before the handshake ends."""
    if fact.early_data is None:
        return undecided()
    return (failed if fact.early_data else passed)()


def rsa_key_sufficient(fact: CertificateKey, /, *, bits: int, floor: int) -> Verdict:
    """Pass when an RSA key has at least `bits`; one below `floor` has its own rule."""
    if fact.algorithm != "RSA" or fact.bits < floor:
        return not_applicable(algorithm=fact.algorithm, bits=fact.bits)
    return (passed if fact.bits >= bits else failed)(bits=fact.bits, needed=bits)


def key_usage_limited(fact: CertificateUsage, /, *, allowed: tuple[str, ...]) -> Verdict:
    """Pass when the key usage is stated, critical, and names nothing but the allowed ones."""
    if not fact.key_usage:
        return failed(fault=_ABSENT)
    beyond = tuple(usage for usage in fact.key_usage if usage not in allowed)
    if beyond:
        listed = ", ".join(beyond)
        return failed(fault=Text(f"permet aussi {listed}", f"also allows {listed}"))
    if not fact.key_usage_critical:
        return failed(fault=_NOT_CRITICAL)
    return passed(usage=fact.key_usage)


_ABSENT = Text("absent", "absent")
_NOT_CRITICAL = Text("non critique", "not critical")


def purposes_limited(fact: CertificateUsage, /, *, allowed: tuple[str, ...]) -> Verdict:
    """Pass when the extended usage is stated and names nothing but the allowed ones."""
    if not fact.extended:
        return failed(fault=_ABSENT)
    beyond = ", ".join(usage for usage in fact.extended if usage not in allowed)
    if beyond:
        return failed(fault=Text(f"permet aussi {beyond}", f"also allows {beyond}"))
    return passed(usage=fact.extended)


def serial_sound(fact: CertificateSerial, /, *, octets: int) -> Verdict:
    """Pass when the serial number is positive and no longer than `octets`."""
    sound = fact.positive and fact.octets <= octets
    sign = Text("positif", "positive") if fact.positive else Text("nul ou négatif", "not positive")
    return (passed if sound else failed)(sign=sign, octets=fact.octets)


def revocation_source_named(fact: CertificateRevocation, /) -> Verdict:
    """Pass when the certificate says where to ask whether it was revoked."""
    sources = tuple(name for name, on in (("CRL", fact.crl), ("OCSP", fact.ocsp)) if on)
    return passed(sources=sources) if sources else failed()


def must_staple_honoured(fact: CertificateRevocation, /) -> Verdict:
    """Pass when a certificate that obliges the server to bring the answer gets it brought."""
    if not fact.must_staple:
        return not_applicable()
    return _stapled(fact)


def revocation_stapled(fact: CertificateRevocation, /) -> Verdict:
    """Pass when the answer is brought, for a certificate whose authority gives one by OCSP."""
    return _stapled(fact) if fact.ocsp else not_applicable()


def _stapled(fact: CertificateRevocation) -> Verdict:
    if fact.stapled is None:
        return undecided()
    return (passed if fact.stapled else failed)()


_BLOCKS_OF_64_BITS = ("3DES", "DES", "DES40", "IDEA", "RC2", "GOST28147")


def named_attacks_excluded(fact: TlsSuites, /, *, mended_by: dict[str, str]) -> Answer:
    """Give a verdict on each attack known by a name, at a place of its own.

    Each follows from the versions and suites accepted; `mended_by` names the rule to look at.
    """
    return tuple(_attack(name, fact, rule) for name, rule in mended_by.items())


def _attack(name: str, fact: TlsSuites, rule: str) -> Verdict:
    # Derived here from what is accepted, as testssl.sh and SSL Labs do: none is carried out.
    exposed = _names(f"{s.name} ({s.protocol})" for s in fact.suites if _open_to(name, s, fact))
    if exposed:
        return failed(f" {name}", attack=name, because=exposed, rule=rule)
    return passed(f" {name}", attack=name)


def _open_to(name: str, suite: Suite, fact: TlsSuites) -> bool:
    export, block = "EXPORT" in suite.name, suite.mode == "CBC"
    match name:
        case "SWEET32":
            return suite.cipher in _BLOCKS_OF_64_BITS
        case "RC4":
            return suite.cipher == "RC4"
        case "FREAK":
            return export and suite.key_exchange.startswith("RSA")
        case "LOGJAM":
            return export and suite.key_exchange.startswith("DH")
        case "DROWN":
            return suite.protocol == "SSL 2.0"
        case "POODLE":
            return block and suite.protocol == "SSL 3.0"
        case "BEAST":
            return block and suite.protocol in ("SSL 3.0", "TLS 1.0")
        case "LUCKY13":
            return block and suite.protocol.startswith("TLS") and fact.encrypt_then_mac is not True
        case _:
            return False


def security_level_kept(fact: SecurityLevelSetting, /, *, least: int) -> Verdict:
    """Pass when the library refuses what lies below that security level."""
    verdict = passed if fact.level >= least else failed
    return verdict(product=fact.product, level=fact.level, least=least)


class SshWeak(Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns (`*` for any) of the weak algorithms, by what they are for."""

    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    key_exchanges: tuple[str, ...]
    host_keys: tuple[str, ...]


def ssh_algorithms_configured(fact: SshAlgorithmSetting, /, *, weak: SshWeak) -> Verdict:
    """Pass when sshd_config switches on no weak algorithm by name."""
    kinds = (
        (fact.ciphers, weak.ciphers),
        (fact.macs, weak.macs),
        (fact.key_exchanges, weak.key_exchanges),
        (fact.host_keys, weak.host_keys),
    )
    named = tuple(name for names, _ in kinds for name in names or ())
    if not named:
        return undecided()
    found = tuple(n for names, patterns in kinds for n in names or () if _matches(n, patterns))
    return failed(weak=found) if found else passed(count=len(named))


def password_hasher_accepted(
    fact: PasswordHasherSetting, /, *, accepted: tuple[str, ...], refused: tuple[str, ...]
) -> Verdict:
    """Pass when new passwords are hashed with an accepted function; an unknown one is left open.

    Weak ones further down the list only read what is there; one that comes first makes new hashes.
    """
    first = fact.hashers[0].rpartition(".")[2] if fact.hashers else ""
    if first in refused:
        return failed(product=fact.product, first=first)
    if first in accepted:
        return passed(product=fact.product, first=first)
    return undecided(product=fact.product, first=first)


def https_forced(fact: HttpsSetting, /, *, left_to_server: tuple[str, ...]) -> Verdict:
    """Pass when the setting insists on HTTPS; some may leave that to the server in front."""
    values = {"product": fact.product, "setting": fact.setting}
    if fact.forced:
        return passed(**values)
    return undecided(**values) if fact.setting in left_to_server else failed(**values)


def passwords_not_hashed_fast(fact: PasswordHashCalls, /) -> Answer:
    """Pass when no source file hands a password to a fast hash function.

    A file that also calls a function made for passwords may be carrying out a migration.
    """
    if not fact.files_read:
        return not_applicable()
    files: dict[str, list[HashCall]] = {}
    for call in fact.calls:
        files.setdefault(call.place.rpartition(":")[0], []).append(call)
    found = tuple(
        (undecided if calls[0].beside_slow else failed)(
            calls[0].place, functions=_names(f"{call.function}()" for call in calls)
        )
        for calls in files.values()
    )
    return found or passed(files=fact.files_read)


def encryption_at_rest_configured(fact: EncryptionAtRestSetting, /) -> Verdict:
    """Pass when a configuration encrypts the store of data; one that does not say is left open."""
    values = {"product": fact.product, "subject": fact.subject}
    if fact.encrypted is None:
        return undecided(**values)
    return (passed if fact.encrypted else failed)(**values)


def page_not_compressed(fact: HttpCompression, /) -> Verdict:
    """Pass when the main page comes as it is, whatever the browser could unpack."""
    return failed(encoding=fact.encoding) if fact.encoding else passed()


def nothing_mixed(fact: MixedContent, /) -> Answer:
    """Pass when no page looked at loads a part, or sends a form, over plain HTTP."""
    if not fact.pages:
        return undecided()
    found: dict[str, list[str]] = {}
    for part in fact.insecure:
        found.setdefault(part.page, []).append(f"{part.address} ({part.element})")
    fails = tuple(failed(page, parts=tuple(parts[:5])) for page, parts in found.items())
    return fails or passed(pages=fact.pages)
