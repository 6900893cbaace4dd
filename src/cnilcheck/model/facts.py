"""Facts: small frozen values that say what was observed, and never what to think of it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal, TypeAlias

from msgspec import Struct, field

from cnilcheck.model.logging_matrix import (
    CategoryRow,
    EventCategory,
    EventCount,
    EventField,
    UnreadLine,
)
from cnilcheck.model.personal_data import DataCount, SecretSeen
from cnilcheck.model.scope import (
    Assurance,
    Certificate,
    Factor,
    Frequency,
    HostingContract,
    Lockout,
    LogEvent,
    LogPurpose,
    LogRetention,
    PasswordReset,
    Pseudonymisation,
    StoragePlace,
)
from cnilcheck.model.text import Text
from cnilcheck.model.words import AccountClass, LogClass


def fact_name(class_name: str) -> str:
    """Return the name a fact's class bears in files: TlsProtocols is `tls-protocols`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", class_name).lower()


class Fact(Struct, frozen=True, forbid_unknown_fields=True, tag_field="fact", tag=fact_name):
    """Base of all facts."""


class TlsProtocols(Fact, frozen=True):
    """Protocol versions one listener accepted and refused; of the others nothing is known."""

    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    undetermined: tuple[str, ...] = ()


class Suite(Struct, frozen=True, forbid_unknown_fields=True):
    """One cipher suite a listener accepted, taken apart; names are IANA's, `bits` the key's."""

    protocol: str
    name: str
    key_exchange: str
    authentication: str
    cipher: str
    bits: int
    mode: str
    mac: str


class TlsSuites(Fact, frozen=True):
    """All cipher suites one listener accepted.

    `encrypt_then_mac` is what CBC suites do for a client that asks; None where none was accepted.
    """

    suites: tuple[Suite, ...]
    encrypt_then_mac: bool | None = None


class SharedPrime(Struct, frozen=True, forbid_unknown_fields=True):
    """A Diffie-Hellman prime that many servers share, by whose it is."""

    name: str
    bits: int


class TlsKeyExchange(Fact, frozen=True):
    """Groups one listener accepted for the key exchange, and its finite-field sizes in bits.

    `complete` is false when the list of groups broke off.
    """

    groups: tuple[str, ...]
    dh_bits: tuple[int, ...]
    shared_primes: tuple[SharedPrime, ...] = ()
    complete: bool = True


class TlsFeatures(Fact, frozen=True):
    """What a listener's answers to ClientHellos say of its habits below TLS 1.3.

    None means that nothing it accepts has such a thing, or, when the field's name stands in
    `undetermined`, that it would not say.
    """

    extended_master_secret: bool | None
    encrypt_then_mac: bool | None
    fallback_scsv: bool | None
    server_preference: bool | None
    undetermined: tuple[str, ...] = ()


class TlsResumption(Fact, frozen=True):
    """How a listener takes up a session again; None was not learnt.

    `ticket_seconds` is the longest life it promised a ticket, 0 when it gave none.
    """

    ticket_seconds: int | None
    early_data: bool | None


class CertificateChain(Fact, frozen=True):
    """Whether the chain leads to a known authority; `anchor` says whose list knows it."""

    validation: Literal["valid", "self_signed", "unknown_authority", "incomplete", "invalid"]
    anchor: Literal["system", "scope", "none"]
    detail: str = ""


class CertificateNames(Fact, frozen=True):
    """The names a certificate is for, and the one it was asked under."""

    asked: str
    names: tuple[str, ...]
    covers_asked: bool


class CertificateDates(Fact, frozen=True):
    """The validity period of a leaf certificate, UTC."""

    not_before: dt.datetime
    not_after: dt.datetime


class CertificateKey(Fact, frozen=True):
    """The public key of a leaf certificate and the hash its signature uses.

    `exponent` is RSA's public one; what is longer than 32 bits counts as 2^32.
    """

    algorithm: str
    bits: int
    signature_hash: str
    exponent: int | None = None


class CertificateUsage(Fact, frozen=True):
    """What a leaf certificate may be used for, in the words of RFC 5280; None without the field."""

    key_usage: tuple[str, ...] | None
    key_usage_critical: bool
    extended: tuple[str, ...] | None


class CertificateSerial(Fact, frozen=True):
    """The serial number of a leaf certificate: its sign and its length, not the number."""

    positive: bool
    octets: int


class CertificateRevocation(Fact, frozen=True):
    """Where one can ask whether a leaf certificate was revoked, and whether the server answers.

    `must_staple` obliges the server to bring the answer; `stapled` None was not learnt.
    """

    crl: bool
    ocsp: bool
    must_staple: bool
    stapled: bool | None


class TlsFlaw(Fact, frozen=True):
    """One known implementation flaw, looked for by its own test."""

    name: Literal[
        "Heartbleed",
        "early CCS",
        "ROBOT",
        "TLS compression",
        "client-initiated renegotiation",
        "insecure renegotiation",
    ]
    present: bool


class HttpCompression(Fact, frozen=True):
    """How the main page is compressed for a browser that asks; empty when it is not."""

    encoding: str


class PlainHttp(Fact, frozen=True):
    """What a plain-HTTP address answers: a page, or only a redirection (and to where)."""

    status: int
    redirects_to: str | None


class InsecurePart(Struct, frozen=True, forbid_unknown_fields=True):
    """Something an HTTPS page loads or sends over plain HTTP: the HTML element and the address."""

    page: str
    element: str
    address: str


class MixedContent(Fact, frozen=True):
    """What the HTTPS pages looked at load or send over plain HTTP."""

    pages: int
    insecure: tuple[InsecurePart, ...]


class StrictTransport(Fact, frozen=True):
    """The Strict-Transport-Security header over HTTPS; `max_age` in seconds, None when absent."""

    max_age: int | None
    include_subdomains: bool
    preload: bool = False


class ServiceEncryption(Fact, frozen=True):
    """Whether a service that begins in clear offers TLS, and takes credentials without it.

    `accepts_plaintext` is None where only an attempt to sign in would tell.
    """

    product: str
    offers_tls: bool
    accepts_plaintext: bool | None


class HashGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """Stored passwords that look made by the same function with the same parameters.

    `salt_bits` is the size of their shortest salt, None where no salt can be seen.
    """

    function: str
    count: int
    salted: bool
    parameters: dict[str, int] = {}
    salt_bits: int | None = None


class AlikePasswords(Struct, frozen=True, forbid_unknown_fields=True):
    """Readable passwords that all have one length, as a program draws them and people do not.

    `bits` is the most each can hold by the kinds of characters that all of them together show.
    """

    count: int
    length: int
    bits: float


class PasswordHashes(Fact, frozen=True):
    """What the stored passwords of a sample are made of; never a value.

    `repeated` counts values equal to another, `shared_salts` those that have the salt of another,
    different value. `alike` is about the readable ones, if a program seems to have drawn them.
    """

    total: int
    groups: tuple[HashGroup, ...]
    repeated: int
    shared_salts: int = 0
    alike: AlikePasswords | None = None


class StoredData(Fact, frozen=True):
    """A backup or extract as stored: its format, and the personal data readable in it."""

    kind: Literal["backup", "extract", "database_file"]
    format: str
    encrypted: bool
    personal: tuple[DataCount, ...]


class PasswordEncryptionSetting(Fact, frozen=True):
    """How a database is configured to hash its own accounts' passwords."""

    product: str
    value: str


class TlsSetting(Fact, frozen=True):
    """Protocol versions a configuration file switches on."""

    product: str
    protocols: tuple[str, ...]


class ListedDirectory(Struct, frozen=True, forbid_unknown_fields=True):
    """A directory whose content the server lists; `data_files` are names only."""

    path: str
    entries: int
    data_files: tuple[str, ...]


class SecurityContact(Fact, frozen=True):
    """Whether a site publishes a security.txt (RFC 9116), by which means, and until which day."""

    published: bool
    contacts: tuple[str, ...] = ()
    expires: dt.date | None = None


class DirectoryListings(Fact, frozen=True):
    """Which of the directories asked for are listed to a visitor."""

    asked: int
    listed: tuple[ListedDirectory, ...]


FileKind: TypeAlias = Literal[
    "data_extract",
    "database_dump",
    "backup_archive",
    "source_code",
    "configuration",
    "version_control",
    "log",
    "diagnostic_page",
    "administration_page",
    "document",
]


class ReadableFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file a visitor can read: what proves its kind, and what it holds, counted and masked.

    `people` is the least number of different people it speaks of; None when it speaks of nobody.
    """

    path: str
    kind: FileKind
    proof: str
    size: int
    records: int | None = None
    personal: tuple[DataCount, ...] = ()
    secrets: tuple[SecretSeen, ...] = ()
    people: int | None = None


class ReadableFiles(Fact, frozen=True):
    """Which of the files asked for a visitor can read, each confirmed by its content."""

    asked: int
    found: tuple[ReadableFile, ...]


class DocumentAccess(Fact, frozen=True):
    """What a visitor without a session gets for a document of the scope."""

    role: Literal["protected", "neighbour"]
    status: int
    answer: Literal["served", "refused", "redirected", "absent"]
    media_type: str


class DocumentIdentifiers(Fact, frozen=True):
    """What the identifiers in the addresses of documents are like; never one of them.

    `bits` is the most that one identifier can hold by its alphabet and the length of what varies.
    """

    seen: int
    form: Literal["number", "hexadecimal", "uuid", "letters_and_digits"]
    bits: int
    sequential: bool
    dated: bool


class PersonalPage(Fact, frozen=True):
    """How a page about people, which a visitor got, speaks to search engines and to caches."""

    indexable: bool
    cache_control: str


class CrossOrigin(Fact, frozen=True):
    """Which foreign origins a page admits, of those tried: `any`, `null` or `*`."""

    admitted: tuple[str, ...]
    credentials: bool


class TraceMethod(Fact, frozen=True):
    """Whether a server sends a TRACE request back to who sent it."""

    status: int
    echoed: bool


class Software(Struct, frozen=True, forbid_unknown_fields=True):
    """A product and version a server tells; `ended_on` is when its maker stopped mending it.

    None where the table of ends of life does not know that version; `date_read` is false where
    nobody could read that date at a source. `flaw` is one that its maker mended in `mended_in`, a
    later version of the same branch; empty where the table knows of none.
    """

    product: str
    version: str
    place: str
    ended_on: dt.date | None = None
    date_read: bool = True
    flaw: str = ""
    mended_in: str = ""


class SoftwareVersions(Fact, frozen=True):
    """The software a site tells of itself; `distribution` when a distributor's name stands by."""

    found: tuple[Software, ...]
    distribution: str = ""


class FlawedPackage(Struct, frozen=True, forbid_unknown_fields=True):
    """A package with published flaws (CVE numbers, or the advisories' own) and what mends them."""

    name: str
    version: str
    flaws: tuple[str, ...]
    fixed_in: tuple[str, ...]


class KnownFlaws(Fact, frozen=True):
    """What the advisories handed over say of one list of packages.

    `advisories` were read of that ecosystem, the latest changed on `newest`. `found` are packages
    for which a mended version is out, `flawed` their number. `unmended` flaws have no fix yet;
    `unclear` are comparisons that could not be made.
    """

    ecosystem: str
    packages: int
    advisories: int
    newest: dt.date | None
    found: tuple[FlawedPackage, ...] = ()
    flawed: int = 0
    unmended: int = 0
    unclear: int = 0


class OpenPort(Struct, frozen=True, forbid_unknown_fields=True):
    """One port that accepts connections from where the audit ran."""

    port: int
    service: str
    product: str = ""


class OpenPorts(Fact, frozen=True):
    """Which of the ports asked for accept connections from where the audit ran.

    `filtered` gave no answer at all; the others were closed.
    """

    host: str
    asked: tuple[int, ...]
    open: tuple[OpenPort, ...]
    filtered: tuple[int, ...] = ()


HoldingKind: TypeAlias = Literal[
    "databases",
    "indexes",
    "topics",
    "keys",
    "entries",
    "exports",
    "shares",
    "modules",
    "buckets",
    "patients",
    "studies",
]


class Holding(Struct, frozen=True, forbid_unknown_fields=True):
    """How many things of one kind a service names to a stranger; the names are not kept."""

    kind: HoldingKind
    count: int


class ServiceAccess(Fact, frozen=True):
    """What a service wants before it answers; nothing was signed in to, no record was read.

    `none`: a stranger got an answer. `refused`: it declined without asking who is there.
    """

    product: str
    sign_in: Literal[
        "none",
        "clear_password",
        "md5",
        "scram",
        "password",
        "credentials",
        "refused",
        "unknown",
    ]
    holds: tuple[Holding, ...] = ()


class ServiceDialects(Fact, frozen=True):
    """The versions of its protocol, or the ways in, that a service accepted."""

    product: str
    accepted: tuple[str, ...]


class Datagram(Struct, frozen=True, forbid_unknown_fields=True):
    """A service that answered over UDP; `none`: it gave a stranger what was asked for.

    `credentials`: it is there and did not take the well-known word. `unknown`: none was tried.
    """

    port: int
    service: Literal["snmp", "tftp"]
    product: str
    sign_in: Literal["none", "credentials", "unknown"]


class DatagramServices(Fact, frozen=True):
    """What the UDP ports asked answered; a closed one said so, a silent one told nothing."""

    host: str
    asked: tuple[int, ...]
    answering: tuple[Datagram, ...] = ()
    closed: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()


class MailRelay(Fact, frozen=True):
    """Whether a mail server took, from a stranger, a recipient elsewhere; no message was sent.

    `accepted` is None where it deferred its answer; `reply` is its SMTP code (RFC 5321 section
    4.2).
    """

    product: str
    accepted: bool | None
    reply: int


class ListeningSetting(Fact, frozen=True):
    """Addresses a data service is configured to listen on."""

    product: str
    addresses: tuple[str, ...]


class NetworkAccessSetting(Fact, frozen=True):
    """Networks a database's own access file lets in."""

    product: str
    networks: tuple[str, ...]


class NetworkSeparation(Fact, frozen=True):
    """What a router, a switch or a plan of addresses says of how networks are kept apart.

    `networks` are those it joins or serves. `filtered` says whether anything limits what passes
    between them, None where that is not told there. In `mixed` ones, workstations and several
    servers get their addresses side by side.
    """

    product: str
    networks: tuple[str, ...]
    filtered: bool | None
    mixed: tuple[str, ...] = ()


class SharedPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """One place in which the files of so many establishments lie together, and who says so."""

    place: str
    storage: str
    tenants: int


class TenantStorage(Fact, frozen=True):
    """Of how many establishments settings say where files lie, and which places are shared."""

    tenants: int
    shared: tuple[SharedPlace, ...]


class CloudAccessSetting(Fact, frozen=True):
    """Whom a policy of an object store, or a rule of a security group, lets in, and from where.

    `anyone` says that a policy names everybody, or a group the whole Internet; `networks` are those
    it is limited to, `ports` the ends of the ranges a group opens.
    """

    resource_kind: Literal["bucket_policy", "security_group"]
    resource: str
    anyone: bool
    networks: tuple[str, ...]
    ports: tuple[int, ...] = ()


class EnvironmentDatabase(Fact, frozen=True):
    """The database that settings for tests or development name, and production's where known.

    `named_production` says that the name itself speaks of production.
    """

    environment: str
    database: str
    same_as: str | None
    named_production: bool


class DepositedFiles(Fact, frozen=True):
    """Files left in a place of exchange: how many, their ages, how long is allowed."""

    files: int
    oldest_days: int | None
    late: int
    keep_days: int
    youngest_days: int | None = None


class PapersAsked(Fact, frozen=True):
    """A message that asks people for personal papers: which, on which lines, and by which way."""

    papers: tuple[str, ...]
    by_email: tuple[int, ...]
    by_upload: bool


class DirectoryListingSetting(Fact, frozen=True):
    """Where a web server's configuration switches directory listing on."""

    product: str
    places: tuple[str, ...]


class SecretsInFiles(Fact, frozen=True):
    """Credentials written in clear in files of the system snapshot."""

    files_read: int
    found: tuple[SecretSeen, ...]


class ResponseHeaders(Fact, frozen=True):
    """Security headers of a page: lower-case name, then value; absent ones are absent."""

    headers: dict[str, str]


class SignInPage(Fact, frozen=True):
    """A page with a password field, as a visitor sees it; `method` None: a script sends it.

    `pattern_bits` is the most a password can hold that fits the field's own pattern, None without
    one that says; `stated_minimum` the least length the page's text announces. `token_repeated`
    says whether two visitors got the same anti-forgery token, `token_bits` the most it can hold.
    """

    page_scheme: Literal["http", "https"]
    posts_to_scheme: Literal["http", "https"]
    method: Literal["get", "post"] | None
    minimum_length: int | None
    maximum_length: int | None
    anti_forgery_token: bool
    cache_control: str
    purpose: Literal["sign_in", "sign_up", "reset", "change"] = "sign_in"
    pattern_bits: float | None = None
    stated_minimum: int | None = None
    paste_blocked: bool = False
    token_repeated: bool | None = None
    token_bits: int | None = None


SignInWay: TypeAlias = Literal[
    "password",
    "basic",
    "pro_sante_connect",
    "france_connect",
    "passkey",
    "one_time_code",
    "client_certificate",
    "other_service",
]


class SignInWays(Fact, frozen=True):
    """The ways in that a sign-in page shows, which are offers: what it enforces is not seen.

    `serves` are the accounts that the declarations send to this page, `remote` whether they may
    come from outside. `administration` says that the page is by its own words for administrators.
    """

    ways: tuple[SignInWay, ...]
    serves: tuple[AccountClass, ...] = ()
    remote: bool | None = None
    administration: bool = False


class ProSanteRequest(Fact, frozen=True):
    """The request with which a page sends professionals to Pro Santé Connect; no value is kept.

    `sandbox` says that it goes to the test service.
    """

    sandbox: bool
    response_type: str
    scopes: tuple[str, ...]
    levels: tuple[str, ...]
    proof_method: str
    state: bool


class ResetPage(Fact, frozen=True):
    """A page on which a forgotten password is replaced, as a visitor sees it."""

    secret_question: bool


class Cookie(Struct, frozen=True, forbid_unknown_fields=True):
    """A cookie's name and attributes, never its value; `lifetime` in seconds.

    `wider` says that its Domain sends it to other hosts than the one that sets it.
    """

    name: str
    session: bool
    secure: bool
    http_only: bool
    same_site: Literal["Strict", "Lax", "None"] | None
    lifetime: int | None
    domain: str = ""
    path: str = ""
    wider: bool = False


class SessionCookies(Fact, frozen=True):
    """Cookies a sign-in page sets, or a signed-in visitor has.

    `signed_in_at` is then the page they signed in on; empty for a page that was only asked for.
    """

    cookies: tuple[Cookie, ...]
    signed_in_at: str = ""


class ForgedSignIn(Fact, frozen=True):
    """What a sign-in form met with that was sent without the fields only its own page carries.

    The right name and password went along; `left_out` are the names of those fields.
    """

    left_out: tuple[str, ...]
    opened: bool


class FailedSignIns(Fact, frozen=True):
    """What wrong passwords in a row met with, tried on a consented test account.

    `failures` were sent for that account, `attempts` from this machine in all. `protection` is the
    first one seen: a message, a refusal (429 and the like), a captcha, a wait, or a lock that only
    the right password shows. `whole_address` says that an invented account met it too. `opened`
    says that a wrong password opened a session.
    """

    failures: int
    attempts: int
    protection: Literal["message", "refusal", "captcha", "delay", "lock"] | None
    right_password: Literal["accepted", "refused", "not_tried"]
    delay_seconds: int | None = None
    whole_address: bool = False
    opened: bool = False
    declared_after: int | None = None
    """After how many failures those who run the service declare that page locks an account."""


Difference: TypeAlias = Literal["status", "redirection", "message", "length", "cookies", "time"]


class AccountDisclosure(Fact, frozen=True):
    """How the answers for an account that exists differ from those for invented ones.

    `compared` counts the answers of the rarer kind; `time` tells whether their times could be
    compared, `gap_milliseconds` by how much the medians are apart.
    """

    form: Literal["sign_in", "reset", "sign_up"]
    compared: int
    differences: tuple[Difference, ...]
    time: Literal["compared", "too_noisy", "not_compared"]
    gap_milliseconds: int | None = None


class SessionRenewal(Fact, frozen=True):
    """Cookies known before sign-in that by themselves open the session after it.

    `kept` were given by the server, `adopted` invented by the visitor; `planted` says whether
    inventing some was tried.
    """

    kept: tuple[str, ...]
    adopted: tuple[str, ...] = ()
    planted: bool = False


class SessionEnd(Fact, frozen=True):
    """Whether a copy of the session's cookies still opens it after sign-out, and after a change.

    `event` is what should have ended the session.
    """

    event: Literal["sign_out", "password_change"]
    still_open: bool


class IdleSession(Fact, frozen=True):
    """Whether a session still opens after that many minutes without any request."""

    idle_minutes: float
    still_open: bool


class SignedInPage(Fact, frozen=True):
    """What the head of a page behind sign-in tells caches."""

    cache_control: str


class ShortPassword(Fact, frozen=True):
    """Whether a password of that length was accepted, and where it was tried."""

    length: int
    accepted: bool
    form: Literal["change", "sign_up"]


class LentAccountLeft(Fact, frozen=True):
    """How the audit leaves the test account; `other` and `short` are passwords its owner knows."""

    password: Literal["unchanged", "put_back", "other", "short", "unknown"]
    may_be_locked: bool


IdentifierSign: TypeAlias = Literal[
    "counter", "timestamp", "digest_of_number", "digest_of_time", "repeated"
]


class SessionIdentifiers(Fact, frozen=True):
    """What the values of one session cookie look like over several fresh visits; never a value.

    `varying` counts the characters that differ between visits. `most_bits` bounds what one value
    can hold: those characters times the bits of their alphabet, without what was recognised as a
    counter or a time. `least_bits` is what the visits prove by themselves: that no two values were
    equal (95 % confidence, birthday bound).
    """

    cookie: str
    visits: int
    distinct: int
    form: Literal["number", "hexadecimal", "letters_and_digits", "base64", "self_contained"]
    shortest: int
    longest: int
    varying: int
    least_bits: int
    most_bits: int
    signs: tuple[IdentifierSign, ...] = ()


class SessionAddresses(Fact, frozen=True):
    """Addresses of a site's own pages that carry a session or a token: place and parameter."""

    pages: int
    found: tuple[str, ...]


class HttpAuthentication(Fact, frozen=True):
    """The ways in that an address asks for by HTTP's own means (WWW-Authenticate)."""

    scheme: Literal["http", "https"]
    methods: tuple[str, ...]


class OpenIdProvider(Fact, frozen=True):
    """What an OpenID or OAuth provider says of itself; None is not stated.

    `issuer` compares the name it gives itself with the address it was read at; `plain` are its
    endpoints over HTTP.
    """

    issuer: Literal["same", "other_host", "other_address", "absent"]
    plain: tuple[str, ...]
    challenges: tuple[str, ...] | None
    signing: tuple[str, ...] | None
    response_types: tuple[str, ...] | None
    grants: tuple[str, ...] | None
    levels: tuple[str, ...] | None


class TokenKey(Struct, frozen=True, forbid_unknown_fields=True):
    """One key a provider publishes for its tokens; never the key. 0 bits were not learnt."""

    algorithm: str
    bits: int
    secret: bool


class TokenKeys(Fact, frozen=True):
    """The keys a provider publishes for its tokens; `secret` ones should have stayed at home."""

    keys: tuple[TokenKey, ...]


class SamlCertificate(Struct, frozen=True, forbid_unknown_fields=True):
    """One certificate of a SAML description: its key, and the last day it is valid."""

    algorithm: str
    bits: int
    not_after: dt.datetime


class SamlMetadata(Fact, frozen=True):
    """What a SAML service says of itself: the hashes it signs with, its keys, its addresses.

    `hashes` are those of the description's own signature and those it says it accepts; `plain`
    counts its addresses over HTTP.
    """

    hashes: tuple[str, ...]
    certificates: tuple[SamlCertificate, ...]
    plain: int


class JsonWebToken(Fact, frozen=True):
    """A token (JWT) as found; never a value of it.

    `lifetime` in seconds from issue to expiry, None where it does not expire or does not say;
    `known_secret` says that one of a short list of example secrets signed it; `subject` that it
    names somebody.
    """

    source: Literal["cookie", "page", "sample"]
    algorithm: str
    known_secret: bool
    expires: bool
    lifetime: int | None
    subject: bool
    personal: tuple[DataCount, ...] = ()
    health: bool = False
    roles: bool = False


class AccountPolicy(Fact, frozen=True):
    """The sign-in policy of one class of accounts, declared or read; None was not answered.

    `product` is whose configuration was read, empty for a declaration; the class is None where the
    configuration does not say whom it serves. `configured_in` is where a declaration says so.
    """

    class_: AccountClass | None = field(name="class")
    who: str = ""
    minimum_length: int | None = None
    maximum_length: int | None = None
    character_classes: int | None = None
    words: int | None = None
    lockout: Lockout | Literal["none"] | None = None
    factors: tuple[Factor, ...] | None = None
    remote: bool | None = None
    shared: bool | None = None
    initial_password_changed: bool | None = None
    revoked_on_departure: bool | None = None
    expires_after_days: int | None = None
    configured_in: tuple[str, ...] = ()
    sign_in: tuple[str, ...] = ()
    assurance: Assurance | None = None
    idle_minutes: int | None = None
    session_minutes: int | None = None
    new_patients_per_year: int | None = None
    professionals_per_year: int | None = None
    arrivals_departures: bool | None = None
    product: str = ""


class SessionLifetime(Fact, frozen=True):
    """How long a configuration lets a session live, in seconds: unused, and in all.

    None is not stated; 0 is without end.
    """

    product: str
    class_: AccountClass | None = field(name="class")
    idle_seconds: int | None
    absolute_seconds: int | None


OpeningKind: TypeAlias = Literal[
    "no_password",
    "empty_password",
    "default_password",
    "clear_transport",
    "clear_password",
    "md5_password",
    "implicit_flow",
    "password_grant",
    "no_pkce",
    "single_factor",
    "from_anywhere",
    "sms_factor",
    "sign_in_off",
]


class Opening(Struct, frozen=True, forbid_unknown_fields=True):
    """One setting that lets people in more easily than it looks, and its place."""

    kind: OpeningKind
    place: str
    setting: str


class SignInOpenings(Fact, frozen=True):
    """Which kinds of openings a configuration was searched for, and those found."""

    product: str
    looked_for: tuple[OpeningKind, ...]
    found: tuple[Opening, ...]


class PolicyDifference(Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a policy of accounts, as declared and as read."""

    field: str
    declared: str
    read: str


class DeclaredPolicyRead(Fact, frozen=True):
    """Where the configuration a declaration names says otherwise than the declaration."""

    product: str
    declared_as: str
    compared: tuple[str, ...]
    differences: tuple[PolicyDifference, ...]


class GenericAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """An account named after a place or a function instead of a person: its line and that word."""

    line: int
    word: str


class AccountDay(Struct, frozen=True, forbid_unknown_fields=True):
    """A day in the life of the account on one line of a list; None is never, or not dated."""

    line: int
    day: dt.date | None
    created_on: dt.date | None = None


class AccountList(Fact, frozen=True):
    """What a list of accounts says of the active ones, by line number; never a name.

    None where no column tells. Each list of lines keeps the first 200, `last_used` the oldest.
    """

    class_: AccountClass | None = field(name="class")
    accounts: int
    active: int
    generic: tuple[GenericAccount, ...]
    several_people: tuple[int, ...]
    leavers: tuple[AccountDay, ...] | None
    last_used: tuple[AccountDay, ...] | None
    administrators: int | None
    without_second_factor: tuple[int, ...] | None
    initial_password_kept: tuple[int, ...] | None


class AccountLink(Struct, frozen=True, forbid_unknown_fields=True):
    """A link of a message that opens or resets an account.

    `bits` is the most its token can hold, None where a template leaves it out; `by_identifier` says
    that nothing but the account's identifier is in it.
    """

    line: int
    scheme: Literal["http", "https", "unknown"]
    bits: int | None
    by_identifier: bool


class AccountMessage(Fact, frozen=True):
    """A message, or its template, about somebody's access: passwords by line, links, lifetime.

    `renewal` says that it answers somebody who asked for a new password.
    """

    passwords: tuple[int, ...]
    links: tuple[AccountLink, ...]
    lifetime_minutes: int | None
    renewal: bool = False


class ResetLinkLifetime(Fact, frozen=True):
    """How long a configuration lets a link to choose a new password live, in seconds."""

    product: str
    seconds: int


class CredentialDelivery(Fact, frozen=True):
    """How passwords reach people, and how a forgotten one is replaced."""

    passwords_sent_by: Literal["never", "email", "post", "phone", "sms"] | None
    reset: PasswordReset | None


class AccessLogSetting(Fact, frozen=True):
    """Where a web server's configuration writes an access log, and where it switches it off."""

    product: str
    on: tuple[str, ...]
    off: tuple[str, ...]


class LogRotationSetting(Fact, frozen=True):
    """How many days of a log its configuration keeps; 36525 stands for ever.

    `sent_to` is where the machine also sends log lines, which may live longer there. `log_class`,
    `purpose`, `justification` and `data_days` are what the scope declares for that log.
    """

    log: str
    days: int
    product: str = "logrotate"
    sent_to: tuple[str, ...] = ()
    log_class: LogClass | None = None
    purpose: LogPurpose | None = None
    justification: str = ""
    data_days: int | None = None


class LogDestination(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a machine sends log lines; `encrypted` None is not written where it is looked for.

    `here` is the machine itself. `lossy` is a transport that drops lines in silence (UDP).
    """

    address: str
    transport: Literal["udp", "tcp", "relp", "http", "agent", "unknown"]
    encrypted: bool | None
    here: bool = False

    @property
    def lossy(self) -> bool:
        """Whether lines can be lost without anybody noticing."""
        return self.transport == "udp"


class LogForwardingSetting(Fact, frozen=True):
    """Where a program is configured to send log lines; empty when it only writes files here."""

    product: str
    destinations: tuple[LogDestination, ...]


class JournalSetting(Fact, frozen=True):
    """How systemd's journal is kept: where, and under which size; None is not written.

    `sealed` needs a sealing key in the journal's folder, which the setting alone does not make.
    `taken_by` is the syslog service that takes its lines over.
    """

    storage: Literal["persistent", "volatile", "auto", "none"]
    on_disk: bool | None
    sealed: bool | None
    size: str = ""
    taken_by: str = ""


class KernelAuditSetting(Fact, frozen=True):
    """What the kernel's audit (auditd) is told to record; `immutable` is `-e 2`.

    `on_full_disk` is what auditd.conf does when space runs out.
    """

    rules: int
    enabled: bool
    immutable: bool
    keys: tuple[str, ...] = ()
    on_full_disk: str = ""


class ClockSetting(Fact, frozen=True):
    """Which time sources a machine is configured to follow."""

    product: str
    sources: tuple[str, ...]


class AlertingSetting(Fact, frozen=True):
    """What watches the logs: rules switched on, and to whom it tells what it finds.

    `kind` is `block` for what only shuts a door, such as fail2ban without a mail action.
    """

    product: str
    kind: Literal["alert", "block"]
    rules: int
    receivers: tuple[str, ...]


class LogFileAccess(Fact, frozen=True):
    """Who may read and write a log, as a listing or the program that creates it says.

    `mode` is octal, as chmod takes it. `application` names the account of the application that
    owns the file and can therefore rewrite it; "" where it does not. `append_only` None is not
    known.
    """

    log: str
    mode: str
    owner: str
    group: str
    application: str = ""
    append_only: bool | None = None


class ClientAddressSetting(Fact, frozen=True):
    """Whether what stands in front hands on the client's address, and whom it believes.

    `kept` and `lost` are the places that hand requests on; `trusted` the networks whose word on
    the client's address is taken.
    """

    product: str
    kept: tuple[str, ...]
    lost: tuple[str, ...]
    trusted: tuple[str, ...] = ()


class ErrorLogSetting(Fact, frozen=True):
    """Whether a program writes down its errors, and from which level; `level` may be empty."""

    product: str
    enabled: bool
    level: str
    file: str = ""


class ConfiguredEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a configuration has a category of events logged, with which fields, and its place."""

    category: EventCategory
    logged: bool
    fields: tuple[EventField, ...]
    place: str


class LogSourceSetting(Fact, frozen=True):
    """Which events one program is configured to log, or not to log; of the others nothing is said.

    The author counts only where the setting can name a person.
    """

    product: str
    events: tuple[ConfiguredEvent, ...]


class DatabaseLineSetting(Fact, frozen=True):
    """What stands at the head of each line of a database's log.

    `fields` are of: time, milliseconds, user, client, session, database.
    """

    product: str
    format: str
    fields: tuple[str, ...]


class DatabaseLogSetting(Fact, frozen=True):
    """What a database is configured to log."""

    product: str
    connections: bool
    statements: str


class LogExtent(Fact, frozen=True):
    """What a log covers: lines read, lines that could not be parsed, first and last time (UTC).

    `samples` are the first lines that could not be parsed, masked.
    """

    log_class: LogClass
    lines: int
    unparsed: int
    first: dt.datetime
    last: dt.datetime
    justification: str = ""
    complete: bool = True
    """Whether the log was read to its end; an operator may stop before."""
    samples: tuple[UnreadLine, ...] = ()


class LogFields(Fact, frozen=True):
    """Share of lines, 0 to 1, in which a field of CNIL 2021-122 has a meaningful value.

    `lines` counts those that record an operation. The author's share is taken of the operations
    that handed something out: who looks at a style sheet need not be known. `unparsed` lines beside
    them could not be read.
    """

    lines: int
    author: float
    time_with_zone: float
    operation: float
    reference: float
    log_class: LogClass = LogClass.TECHNICAL
    unparsed: int = 0


class LogCoverage(Fact, frozen=True):
    """Which categories of events the lines of a log record, and how completely; counts are exact.

    `format` is what the lines were read as. Categories of which no line was seen are left out:
    their absence proves nothing. `unclassified` lines were read and are of no category, `unparsed`
    ones besides could not be read.
    """

    log_class: LogClass
    format: str
    lines: int
    events: tuple[EventCount, ...]
    unclassified: int
    unparsed: int = 0


class LoggedEvents(Fact, frozen=True):
    """What the deployment as a whole is shown to log, drawn from all other facts of logging."""

    rows: tuple[CategoryRow, ...]


class Trace(Struct, frozen=True, forbid_unknown_fields=True):
    """The line a test action left: where, after how many seconds, and which fields it has.

    `remote` when it stands in a declared store of logs, away from the machine that wrote it.
    """

    place: str
    remote: bool
    delay_seconds: float | None
    fields: tuple[EventField, ...]


class TracedAction(Fact, frozen=True):
    """One action of the test account, and the line it left in the logs searched; None: no line.

    `marker` is the word sent along, `author_marker` the invented name of a failed sign-in, and
    `reference` what names the record. Nothing is known while `searched` is empty.
    """

    action: Literal[
        "sign_in_failure",
        "sign_in_success",
        "consultation",
        "forbidden_read",
        "unknown_page",
        "search",
        "export",
        "modification",
        "sign_out",
    ]
    category: EventCategory
    marker: str
    sent_at: dt.datetime
    status: int
    searched: tuple[str, ...]
    trace: Trace | None
    author_marker: str = ""
    reference: str = ""


class Silence(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch without any line where the log's own rhythm expected `expected` lines."""

    start: dt.datetime
    end: dt.datetime
    expected: float


class LogSilences(Fact, frozen=True):
    """Stretches missing from a log; no hole under `smallest_visible_minutes` can be seen."""

    silences: tuple[Silence, ...]
    smallest_visible_minutes: int


class LogPersonalData(Fact, frozen=True):
    """Personal data and secrets written into a log: kinds and counts, never a value.

    The author of an operation is left out; an e-mail counts only inside an address asked for.
    """

    lines: int
    found: tuple[DataCount, ...]
    complete: bool = True


class ClockStep(Struct, frozen=True, forbid_unknown_fields=True):
    """A line (`file:line`) whose time `at` lies `seconds` before that of the line above it."""

    place: str
    at: dt.datetime
    seconds: int


class ZoneUse(Struct, frozen=True, forbid_unknown_fields=True):
    """How many lines have their time so many minutes east of UTC; None is without a zone."""

    minutes: int | None
    lines: int


class LogClock(Fact, frozen=True):
    """Whether the lines of a log follow each other in time, and in which zones they are written.

    `backwards` counts the lines more than two minutes before the one above, `steps` shows the
    largest; `ahead` counts lines more than a day after their file was last written.
    """

    lines: int
    backwards: int
    steps: tuple[ClockStep, ...]
    ahead: int
    zones: tuple[ZoneUse, ...]


class LogFileRead(Struct, frozen=True, forbid_unknown_fields=True):
    """One file as it was read: `sha256` is of its bytes as stored, as far as they were read.

    `holes` are runs of zero bytes, the first on line `first_hole`; `cut` are lines over 64 KiB.
    `begins_in_line` says that the first line is not of the format that others of the file have;
    `changed` that the file grew, shrank or was replaced while it was read.
    """

    name: str
    size: int
    sha256: str
    lines: int
    holes: int = 0
    first_hole: int = 0
    cut: int = 0
    ends_in_line: bool = False
    changed: bool = False
    begins_in_line: bool = False


class LogFiles(Fact, frozen=True):
    """The files of a log, from old to new."""

    files: tuple[LogFileRead, ...]


class SignInBurst(Struct, frozen=True, forbid_unknown_fields=True):
    """Failed sign-ins of one client in ten minutes; `refused` of them by a limit (423, 429)."""

    network: str
    start: dt.datetime
    attempts: int
    refused: int
    place: str


class LogSignIns(Fact, frozen=True):
    """The failed sign-ins a log holds, and the ten minutes of one client with most of them."""

    failures: int
    bursts: tuple[SignInBurst, ...]


class RecordWalk(Struct, frozen=True, forbid_unknown_fields=True):
    """Records one client was given below an address, `steps` of them next to the one before."""

    network: str
    address: str
    steps: int
    start: dt.datetime
    end: dt.datetime
    place: str


class LogWalks(Fact, frozen=True):
    """The clients that were given records whose numbers follow each other, most steps first."""

    lines: int
    walks: tuple[RecordWalk, ...]


class CrowdedRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """How many accounts opened one record, and how many one below that address usually has."""

    readers: int
    usual: int
    address: str
    place: str


class MassReading(Struct, frozen=True, forbid_unknown_fields=True):
    """How many records one account opened on a day, and how many an account usually does."""

    records: int
    usual: int
    day: dt.date
    place: str


class LogReaders(Fact, frozen=True):
    """How many people opened how many numbered records; the most crowded, the busiest days.

    Who they are and which records it was stays in the log.
    """

    log_class: LogClass
    accounts: int
    records: int
    crowded: tuple[CrowdedRecord, ...]
    busiest: tuple[MassReading, ...]


class AccountUse(Struct, frozen=True, forbid_unknown_fields=True):
    """How many lines have that account as their author; the name is of no one person."""

    name: str
    lines: int


class LogAccounts(Fact, frozen=True):
    """Who the authors of a log are: how many people, and accounts that are nobody's own."""

    log_class: LogClass
    people: int
    shared: tuple[AccountUse, ...]


class AccountPeak(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of one account, which is not named: `number` of what, from the line `place` on."""

    place: str
    start: dt.datetime
    number: int


class LogAccountUse(Fact, frozen=True):
    """How accounts of people use the records a log tells of; by its lines, without any name.

    `networks` are the hours in which one account was given records in most networks (/24, or /48 of
    IPv6; 8 stands for more). `nights` are those of accounts seen on ten days or more, of which
    there are `known`, that were given records on one or two nights only (local time). `located`
    records have a client's address.
    """

    log_class: LogClass
    records: int
    located: int
    known: int
    networks: tuple[AccountPeak, ...]
    nights: tuple[AccountPeak, ...]


class LeaverUse(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines of an account after the day its owner left; the first is `place`."""

    place: str
    left: dt.date
    lines: int
    last: dt.datetime


class LogLeavers(Fact, frozen=True):
    """Whether accounts of people who left still act in a log.

    `people` are the departures the account lists date, `covered` those before the log's end;
    `recognised` authors of the log are accounts of these lists.
    """

    people: int
    covered: int
    uses: tuple[LeaverUse, ...]
    recognised: int = 0


class NumberHole(Struct, frozen=True, forbid_unknown_fields=True):
    """Entries number `first` to `last` that are not there, before the line `place`."""

    place: str
    first: int
    last: int


class LogOrder(Fact, frozen=True):
    """Whether the numbers a writer gives its own entries follow each other.

    `kind` is who numbers: auditd, Windows, journald or PostgreSQL; empty for a log without numbers.
    `missing` numbers are in `gaps` stretches, of which the largest are shown; `restarts` are counts
    begun anew. `unparsed` lines could not be read and may hold some of what is missing.
    """

    kind: str
    entries: int
    missing: int
    gaps: int
    holes: tuple[NumberHole, ...]
    restarts: int
    unparsed: int


class LoggingPractice(Fact, frozen=True):
    """What is logged, kept and looked at, as declared; None was not answered."""

    retention_days: int | None = None
    events: tuple[LogEvent, ...] | None = None
    separated: bool | None = None
    reviewed: Frequency | None = None
    alerting: bool | None = None
    clock_synchronised: bool | None = None
    retention: tuple[LogRetention, ...] = ()


class SecurityPractice(Fact, frozen=True):
    """Encryption at rest, testing and practices, as declared; None was not answered."""

    encryption_at_rest: bool | None = None
    backups_encrypted: bool | None = None
    tests: Frequency | None = None
    tests_before_release: bool | None = None
    risk_analysis: bool | None = None
    migration_procedure: bool | None = None
    overdue_measures: int | None = None
    restore_tests: Frequency | None = None
    backups_apart: bool | None = None
    workstations_lock: bool | None = None
    workstations_encrypted: bool | None = None
    workstations_unprivileged: bool | None = None
    rights_limited: bool | None = None
    rights_reviewed: Frequency | None = None
    extracts_approved: bool | None = None
    processors_reviewed: Frequency | None = None
    processor_tools_checked: bool | None = None
    test_data: Literal["none", "invented", "anonymised", "production"] | None = None
    media_wiped: bool | None = None
    deleted_when_due: bool | None = None
    network_segmented: bool | None = None
    papers_sent_encrypted: bool | None = None
    pseudonyms: tuple[Pseudonymisation, ...] | None = None


class HostingActor(Fact, frozen=True):
    """One declared actor of the hosting chain, with the certificate it shows, if any.

    In all hosting facts `outsourced` is false when the audited organisation itself holds the data.
    """

    name: str
    activities: tuple[int, ...]
    certificate: Certificate | None
    outsourced: bool = True


EntryName: TypeAlias = Literal[
    "holder", "siren", "number", "body", "referential", "issued_on", "expires_on", "activities"
]


class CertificateEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a declared certificate, and whether a copy of the certificate bears it.

    `read` is what the copy seems to say instead; "" where nothing was read in its place.
    """

    name: EntryName
    declared: str
    read: str
    borne: bool


class CertificateDocument(Fact, frozen=True):
    """The copy of one actor's HDS certificate, compared with what the scope declares of it."""

    name: str
    entries: tuple[CertificateEntry, ...]
    sha256: str
    outsourced: bool = True


class CoverageRow(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the six activities: who performs it, and under whose certificate."""

    activity: int
    needed: bool
    performed_by: tuple[str, ...]
    certified_for: tuple[str, ...]


class HostingChain(Fact, frozen=True):
    """Which of the six activities the declared actors perform, and which are certified.

    `uncertified` are those performed by an actor that shows no certificate at all. `needed` are
    those this service calls for, empty where the declaration does not tell, and `undetermined`
    those it leaves open. `coverage` is the table of activities and actors.
    """

    service: str | None
    performed: tuple[int, ...]
    covered: tuple[int, ...]
    uncertified: tuple[int, ...] = ()
    outsourced: bool = True
    needed: tuple[int, ...] = ()
    coverage: tuple[CoverageRow, ...] = ()
    undetermined: tuple[int, ...] = ()


class HostingStorage(Fact, frozen=True):
    """Where one declared actor stores health data."""

    name: str
    places: tuple[StoragePlace, ...]
    outsourced: bool = True


class HostingTransfers(Fact, frozen=True):
    """Whether anyone outside the EEA can reach the data, and whether the contract says how."""

    exists: bool | None
    documented: bool | None
    outsourced: bool = True


class GuaranteedActor(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of a host's table of guarantees, in the table's own words; "" where a cell is empty."""

    name: str
    role: str
    certified: str
    activities: str
    third_country_access: str
    third_country_law: str


class HostingGuarantees(Fact, frozen=True):
    """What a host's published page says of guarantees: fixed statements, or a table of actors.

    `columns` are those of the table that were found, `unnamed` the declared actors without a row;
    `published` is false where the address answers that there is no such page (404 or 410).
    """

    statements: tuple[Literal["no_third_country_law", "no_transfer"], ...]
    columns: tuple[str, ...]
    missing: tuple[str, ...]
    actors: tuple[GuaranteedActor, ...]
    unnamed: tuple[str, ...]
    outsourced: bool = True
    published: bool = True


class HostingTerms(Fact, frozen=True):
    """What the hosting contract holds, as declared."""

    contract: HostingContract
    outsourced: bool = True


Lead: TypeAlias = Literal[
    "read_in_directory",
    "stated_by_provider",
    "recalled",
    "absent_when_read",
    "none_known",
    "not_checked",
    "access_network",
    "own_patients",
]


class SourceSeen(Struct, frozen=True, forbid_unknown_fields=True):
    """Where something was read, and when, as precisely as is known; "" is not known."""

    what: Text
    seen_on: str = ""


class NetworkSignal(Struct, frozen=True, forbid_unknown_fields=True):
    """One sign of who answers at an address, and the host it names, if any."""

    kind: Literal[
        "name",
        "canonical_name",
        "reverse_name",
        "provider_range",
        "shared_address",
        "asn",
        "registrant",
        "country",
    ]
    value: str
    host: str | None = None
    source: str = ""
    seen_on: str = ""


class ServedRegion(Struct, frozen=True, forbid_unknown_fields=True):
    """The region of a cloud, its country, and whether the provider's own range file says so."""

    region: str
    country: str | None
    by_provider: bool
    seen_on: str = ""


class HostLead(Struct, frozen=True, forbid_unknown_fields=True):
    """What was read or recalled about a company's certificate, by whom and when: a lead."""

    status: Lead
    source: SourceSeen


class ListEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """What an imported official list says of a company on the day it was made.

    `alike` names an entry that resembles the company without being it. `complete` is false when
    the list may lack the company's initial: absence then says nothing.
    """

    listed: bool
    list_date: dt.date
    rows: int
    complete: bool = True
    alike: str = ""
    name: str = ""
    activities: tuple[int, ...] = ()
    referential: str = ""
    expires_on: dt.date | None = None


class DeclaredService(Struct, frozen=True, forbid_unknown_fields=True):
    """What the scope declares of the identified host: its certificate, offer and contract.

    `uncovered` are the activities of the whole chain that no certificate covers.
    """

    name: str
    certificate: Certificate | None
    offer_activated: bool | None
    clauses: tuple[int, ...]
    uncovered: tuple[int, ...]


Use: TypeAlias = Literal[
    "service",
    "database",
    "storage",
    "backup",
    "mail",
    "recipient",
    "script",
    "name_server",
    "images",
]


class NetworkIdentity(Fact, frozen=True):
    """Who announces an address: a lead about the provider, never a proof of certification.

    `strength` is `strong` when a name of the host or its own range file says so, `weak` when only
    the network does. `upstream` announces the address of another company's platform; `conflicts`
    are signs that name different hosts. `outsourced` is what the scope declares.
    """

    addresses: tuple[str, ...]
    provider: str | None
    signal: str
    reserved: bool
    use: Use = "service"
    legal_name: str = ""
    strength: Literal["none", "weak", "strong"] = "none"
    signals: tuple[NetworkSignal, ...] = ()
    conflicts: tuple[str, ...] = ()
    upstream: str | None = None
    edge: bool = False
    access_network: bool = False
    other_entity: str = ""
    excluded_by: SourceSeen | None = None
    region: ServedRegion | None = None
    lead: HostLead | None = None
    entry: ListEntry | None = None
    declared: DeclaredService | None = None
    origin_declared: bool = False
    outsourced: bool | None = None
    note: Text | None = None
    questions: tuple[Text, ...] = ()


class HostingIntermediary(Fact, frozen=True):
    """One declared intermediary in front of the service: it reads the data in clear."""

    name: str
    article_28: bool | None
    stores: bool | None


class StorageRegion(Fact, frozen=True):
    """A cloud's region that configuration states, and its country if known.

    `stores` is false where the setting may serve other things than storage, as a default does.
    """

    product: str
    cloud: str
    region: str
    country: str | None
    stores: bool = True


class SshServer(Fact, frozen=True):
    """What an SSH server says of itself; protocol 1.99 means both 1 and 2 (RFC 4253)."""

    protocol: str
    product: str


class SshAlgorithms(Fact, frozen=True):
    """The algorithms one SSH server offers, in its order of preference.

    `received` is what comes from clients, `sent` what goes to them; `extensions` are signs such as
    strict key exchange, which stand in the same list as the key exchanges.
    """

    key_exchanges: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers_received: tuple[str, ...]
    ciphers_sent: tuple[str, ...]
    macs_received: tuple[str, ...]
    macs_sent: tuple[str, ...]
    compressions: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


class SshKey(Struct, frozen=True, forbid_unknown_fields=True):
    """One host key: RSA, DSA, ECDSA, Ed25519 or Ed448, and its size."""

    algorithm: str
    bits: int


class SshHostKeys(Fact, frozen=True):
    """The host keys one SSH server showed; `unread` names those offered but not shown."""

    keys: tuple[SshKey, ...]
    unread: tuple[str, ...] = ()


class SshGroupExchange(Fact, frozen=True):
    """Size of the Diffie-Hellman group given to a client that asks for the smallest, 1024 bits."""

    bits: int


class SshSignIn(Fact, frozen=True):
    """Ways to sign in offered, as a first step, to an unknown account; `none` let it in at once."""

    methods: tuple[str, ...]


class SecurityLevelSetting(Fact, frozen=True):
    """The security level a cryptographic library is configured to keep to, 0 (all) to 5."""

    product: str
    level: int


class SshSignInSetting(Fact, frozen=True):
    """Who may open an SSH session and how, as sshd_config states it; None is not stated.

    `methods` are the lists of AuthenticationMethods, each to be gone through whole.
    """

    who: str
    root: Literal["yes", "no", "prohibit-password", "forced-commands-only"] | None
    password: bool | None
    keyboard_interactive: bool | None
    empty_passwords: bool | None
    methods: tuple[str, ...] = ()


class SshAlgorithmSetting(Fact, frozen=True):
    """The SSH algorithms sshd_config switches on by name; None leaves the server's own choice."""

    ciphers: tuple[str, ...] | None = None
    macs: tuple[str, ...] | None = None
    key_exchanges: tuple[str, ...] | None = None
    host_keys: tuple[str, ...] | None = None


class PasswordHasherSetting(Fact, frozen=True):
    """The functions an application may hash passwords with; the first makes the new ones."""

    product: str
    hashers: tuple[str, ...]


class SessionCookieSetting(Fact, frozen=True):
    """The attributes an application's settings give the session cookie; None is not stated."""

    product: str
    secure: bool | None
    http_only: bool | None
    same_site: Literal["Strict", "Lax", "None"] | None


class HttpsSetting(Fact, frozen=True):
    """Whether a setting makes an application insist on HTTPS."""

    product: str
    setting: str
    forced: bool


class HashCall(Struct, frozen=True, forbid_unknown_fields=True):
    """A place where source code gives a password to a fast hash function.

    `beside_slow`: the same file also calls a function made for passwords, as a migration does.
    """

    place: str
    function: str
    beside_slow: bool = False


class PasswordHashCalls(Fact, frozen=True):
    """Where the source files of the copy hash passwords with a fast function."""

    files_read: int
    calls: tuple[HashCall, ...]


class PasswordGenerator(Struct, frozen=True, forbid_unknown_fields=True):
    """A place where source code draws a password: how long it is and what it can hold at most.

    `bits` is None where the alphabet is not told, `foreseeable` whether the chance is no secret.
    """

    place: str
    function: str
    length: int
    bits: float | None
    foreseeable: bool


class PasswordGenerators(Fact, frozen=True):
    """What in the source files of the copy draws passwords that are then handed out."""

    files_read: int
    found: tuple[PasswordGenerator, ...]


class EncryptionAtRestSetting(Fact, frozen=True):
    """Whether a configuration encrypts one store of data; None when it does not say."""

    product: str
    subject: str
    encrypted: bool | None


AnyFact: TypeAlias = (
    TlsProtocols
    | TlsSuites
    | TlsKeyExchange
    | TlsFeatures
    | TlsResumption
    | CertificateChain
    | CertificateNames
    | CertificateDates
    | CertificateKey
    | CertificateUsage
    | CertificateSerial
    | CertificateRevocation
    | TlsFlaw
    | HttpCompression
    | PlainHttp
    | StrictTransport
    | MixedContent
    | ServiceEncryption
    | PasswordHashes
    | StoredData
    | PasswordEncryptionSetting
    | TlsSetting
    | DirectoryListings
    | SecurityContact
    | ReadableFiles
    | DocumentAccess
    | DocumentIdentifiers
    | PersonalPage
    | CrossOrigin
    | TraceMethod
    | SoftwareVersions
    | KnownFlaws
    | OpenPorts
    | ServiceAccess
    | ServiceDialects
    | DatagramServices
    | MailRelay
    | ListeningSetting
    | NetworkAccessSetting
    | NetworkSeparation
    | TenantStorage
    | CloudAccessSetting
    | EnvironmentDatabase
    | DepositedFiles
    | PapersAsked
    | DirectoryListingSetting
    | SecretsInFiles
    | ResponseHeaders
    | SignInPage
    | SignInWays
    | ProSanteRequest
    | ResetPage
    | SessionCookies
    | FailedSignIns
    | ForgedSignIn
    | AccountDisclosure
    | SessionRenewal
    | SessionEnd
    | IdleSession
    | SignedInPage
    | ShortPassword
    | LentAccountLeft
    | SessionIdentifiers
    | SessionAddresses
    | HttpAuthentication
    | OpenIdProvider
    | TokenKeys
    | SamlMetadata
    | JsonWebToken
    | AccountPolicy
    | SessionLifetime
    | AccountList
    | AccountMessage
    | ResetLinkLifetime
    | SignInOpenings
    | DeclaredPolicyRead
    | CredentialDelivery
    | AccessLogSetting
    | LogRotationSetting
    | LogForwardingSetting
    | JournalSetting
    | KernelAuditSetting
    | ClockSetting
    | AlertingSetting
    | LogFileAccess
    | ClientAddressSetting
    | ErrorLogSetting
    | DatabaseLineSetting
    | LogSourceSetting
    | DatabaseLogSetting
    | LogExtent
    | LogFields
    | LogCoverage
    | LoggedEvents
    | TracedAction
    | LogSilences
    | LogPersonalData
    | LogClock
    | LogFiles
    | LogSignIns
    | LogWalks
    | LogReaders
    | LogAccounts
    | LogAccountUse
    | LogLeavers
    | LogOrder
    | LoggingPractice
    | SecurityPractice
    | HostingActor
    | HostingChain
    | HostingStorage
    | HostingTransfers
    | HostingGuarantees
    | CertificateDocument
    | HostingTerms
    | NetworkIdentity
    | HostingIntermediary
    | StorageRegion
    | SshServer
    | SshAlgorithms
    | SshHostKeys
    | SshGroupExchange
    | SshSignIn
    | SecurityLevelSetting
    | SshSignInSetting
    | SshAlgorithmSetting
    | PasswordHasherSetting
    | SessionCookieSetting
    | HttpsSetting
    | PasswordHashCalls
    | PasswordGenerators
    | EncryptionAtRestSetting
)
