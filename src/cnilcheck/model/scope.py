"""What may be looked at, on whose word, and what only people can answer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from cnilcheck.model.logging_matrix import EventCategory, EventField
from cnilcheck.model.words import AccountClass, HealthData, LogClass, Profile, Role


class Organisation(Struct, frozen=True, forbid_unknown_fields=True):
    """Who answers for the deployment."""

    name: str
    role: Role = Role.CONTROLLER
    sector: str = ""


class Notice(Struct, frozen=True, forbid_unknown_fields=True):
    """A formal notice (mise en demeure); its time runs from the day of receipt.

    `names` are the weaknesses or the modules it finds wanting: these cannot be waived.
    """

    received_on: dt.date
    months: int = 2
    reference: str = ""
    extended_to: dt.date | None = None
    names: tuple[str, ...] = ()


class Authorisation(Struct, frozen=True, forbid_unknown_fields=True):
    """Who allowed the audit, under which reference, until which day included."""

    given_by: str
    reference: str
    valid_until: dt.date


StartTls: TypeAlias = Literal[
    "none", "smtp", "imap", "pop3", "ftp", "ldap", "xmpp", "postgresql", "mysql"
]


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a password is read from, once, on the auditing machine: a variable or a file."""

    env: str | None = None
    file: str | None = None


class SignInForm(Struct, frozen=True, forbid_unknown_fields=True):
    """How a name and a password are sent, where the page does not show it by itself."""

    address: str = ""
    name: str = ""
    password: str = ""
    encoding: Literal["form", "json"] = "form"


class ConsentedAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """An account made for tests and lent by a person, whom `--active` may sign in as.

    `signed_in` is a page that only a signed-in person gets, `signed_in_text` words that only they
    read there. `sign_up`, `reset`, `change` and `sign_out` are tried only where they are named
    (sign-out also where the page shows it). With `other_password` the password is changed and
    changed back; with `idle_minutes` a session is left alone for so long.
    """

    name: str
    password: Secret
    consented_by: str
    sign_in: SignInForm = SignInForm()
    signed_in: str = ""
    signed_in_text: str = ""
    sign_out: str = ""
    sign_up: str = ""
    reset: str = ""
    change: str = ""
    other_password: Secret | None = None
    may_be_locked: bool = True
    idle_minutes: float | None = None


class TraceChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A form that changes a synthetic record; `{marker}` in a value becomes the test's own word."""

    address: str
    fields: dict[str, str] = {}
    encoding: Literal["form", "json"] = "form"


class Traces(Struct, frozen=True, forbid_unknown_fields=True):
    """What the test account may do so that its traces are looked for in the logs.

    `record` is a synthetic record it may read, `forbidden` one it must be refused, `search` a page
    with `{marker}` where the word searched for stands, `export` a download of synthetic data. Only
    `change` changes anything.
    """

    record: str = ""
    forbidden: str = ""
    search: str = ""
    change: TraceChange | None = None
    wait_seconds: int = 60
    export: str = ""


class WebTarget(Struct, frozen=True, tag_field="kind", tag="web", forbid_unknown_fields=True):
    """A web site or application, by its base address."""

    url: str
    login: str | tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    test_account: ConsentedAccount | None = None
    traces: Traces = Traces()

    @property
    def spelling(self) -> str:
        """The target as the scope writes it."""
        return self.url

    @property
    def logins(self) -> tuple[str, ...]:
        """The declared sign-in pages, none, one or several."""
        return (self.login,) if isinstance(self.login, str) else self.login


class HostTarget(Struct, frozen=True, tag_field="kind", tag="host", forbid_unknown_fields=True):
    """A machine whose ports are looked at; without `ports`, those of the table of services."""

    host: str
    ports: tuple[int, ...] = ()
    udp_ports: tuple[int, ...] | None = None
    """Ports asked over UDP; left out, those of SNMP and TFTP where `ports` is left out too."""

    @property
    def spelling(self) -> str:
        """The target as the scope writes it."""
        return self.host


class TlsTarget(Struct, frozen=True, tag_field="kind", tag="tls", forbid_unknown_fields=True):
    """A TLS or STARTTLS listener, `host:port`; `starttls` where the port does not tell."""

    tls: str
    starttls: StartTls | None = None

    @property
    def spelling(self) -> str:
        """The target as the scope writes it."""
        return self.tls


class SshTarget(Struct, frozen=True, tag_field="kind", tag="ssh", forbid_unknown_fields=True):
    """An SSH server, `host:port`."""

    ssh: str

    @property
    def spelling(self) -> str:
        """The target as the scope writes it."""
        return self.ssh


Target: TypeAlias = WebTarget | HostTarget | TlsTarget | SshTarget


class LogSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Log files by path or pattern, with the class that decides their retention."""

    path: str
    class_: LogClass = field(default=LogClass.TECHNICAL, name="class")
    justification: str = ""
    format: str = ""
    """The name of a format, or nginx's log_format or Apache's LogFormat as written there."""
    mapping: dict[EventField, str] = field(default_factory=dict)
    """Of a table (CSV): which column holds the time, the author and the other fields."""
    words: dict[EventCategory, tuple[str, ...]] = field(default_factory=dict)
    """What the application calls its events: texts a request or message contains; `*` is any."""


class PasswordSample(Struct, frozen=True, forbid_unknown_fields=True):
    """Password hashes as stored: one per line, or one column of a CSV file."""

    path: str
    column: str | None = None


class DataSample(Struct, frozen=True, forbid_unknown_fields=True):
    """A backup or an extract as stored, read to see whether it is encrypted."""

    path: str
    kind: Literal["backup", "extract", "database_file"] = "extract"


class IdentityExport(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of an identity provider or directory, exported; the class of those it serves."""

    path: str
    class_: AccountClass | None = field(default=None, name="class")


AccountColumn: TypeAlias = Literal[
    "login",
    "email",
    "name",
    "active",
    "disabled",
    "left",
    "last",
    "created",
    "password",
    "role",
    "factor",
]


class AccountListSource(Struct, frozen=True, forbid_unknown_fields=True):
    """A list of accounts as CSV, and whom they belong to.

    `columns` says what a column is called where its own title does not tell; `leavers` is a list of
    people who left.
    """

    path: str
    class_: AccountClass | None = field(default=None, name="class")
    columns: dict[AccountColumn, str] = {}
    leavers: str | None = None


class LogStore(Struct, frozen=True, forbid_unknown_fields=True):
    """A store of logs that is asked for the test's traces only; `query` is Loki's stream selector
    or Elasticsearch's index, `authorization` the header of that name.
    """

    url: str
    kind: Literal["loki", "elasticsearch"]
    query: str
    authorization: Secret | None = None


class Deposit(Struct, frozen=True, forbid_unknown_fields=True):
    """A folder of exchanged or uploaded files, and how many days one may stay there."""

    path: str
    keep_days: Annotated[int, Meta(ge=0)]


class Sources(Struct, frozen=True, forbid_unknown_fields=True):
    """Files that are read, and never sent anywhere; relative paths start at the scope file.

    `tokens` are files with JSON Web Tokens, one per line.
    """

    system: str | None = None
    logs: tuple[LogSource, ...] = ()
    password_samples: tuple[PasswordSample, ...] = ()
    data_samples: tuple[DataSample, ...] = ()
    tokens: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()
    """Published flaws in OSV's format: JSON, one record a line, or OSV's `all.zip`."""
    identity_exports: tuple[IdentityExport, ...] = ()
    log_stores: tuple[LogStore, ...] = ()
    listing: str | None = None
    """Modes and owners of the server's files: `ls -lR`, `find -printf`, `stat`, or a tar file."""
    accounts: tuple[AccountListSource, ...] = ()
    messages: tuple[str, ...] = ()
    deposits: tuple[Deposit, ...] = ()


class Certificate(Struct, frozen=True, forbid_unknown_fields=True):
    """An HDS certificate as printed: only it and its annex are opposable.

    `document` is a copy of it, PDF or text, which is read and compared with the rest.
    """

    holder: str
    number: str
    body: str
    referential: str
    issued_on: dt.date
    expires_on: dt.date
    activities: tuple[int, ...]
    siren: str = ""
    sites: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    document: str = ""


class StoragePlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Where health data lie: ISO 3166 country, and what for."""

    country: str
    purpose: str = "production"
    region: str = ""


class Provider(Struct, frozen=True, forbid_unknown_fields=True):
    """One actor of the hosting chain; activities are the six of article R.1111-9.

    `offer_activated` says that the HDS option, zone or terms are in force for this very service.
    """

    name: str
    activities: tuple[int, ...] = ()
    certificate: Certificate | None = None
    storage: tuple[StoragePlace, ...] = ()
    siren: str = ""
    offer: str = ""
    offer_activated: bool | None = None


class ThirdCountryAccess(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether anyone outside the EEA can reach the data, and whether the contract says how."""

    exists: bool
    documented: bool | None = None


class HostingContract(Struct, frozen=True, forbid_unknown_fields=True):
    """What the hosting contract holds; clauses are the numbered items of article R.1111-11 I.

    `third_country_information` is what was added in 2026: transfers and remote accesses, laws of
    third countries that could compel one, what limits them, and the risks that remain.
    """

    clauses: tuple[int, ...] = ()
    article_28: bool | None = None
    reversibility: bool | None = None
    third_country_information: bool | None = None


class Intermediary(Struct, frozen=True, forbid_unknown_fields=True):
    """A delivery network or filter in front of the service, which ends TLS and reads the data."""

    name: str
    article_28: bool | None = None
    stores: bool | None = None


class HostingDeclaration(Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds the health data. `providers: []` says that nobody else does.

    `administration` and `backups` say who performs activities 5 and 6, `managed_database` whether
    another runs the database; `origins` are the hosts behind an intermediary; `intermediaries: []`
    says that nothing stands in front; `guarantees` is the page of guarantees a host publishes: a
    saved copy, or an address of a web target of the scope.
    """

    providers: tuple[Provider, ...]
    service: Literal["saas", "paas", "iaas", "self_hosted"] | None = None
    third_country_access: ThirdCountryAccess | None = None
    contract: HostingContract | None = None
    administration: Literal["organisation", "third_party"] | None = None
    backups: Literal["organisation", "third_party"] | None = None
    managed_database: bool | None = None
    intermediaries: tuple[Intermediary, ...] | None = None
    origins: tuple[str, ...] = ()
    guarantees: str = ""


class Lockout(Struct, frozen=True, forbid_unknown_fields=True):
    """What happens after failed sign-ins (CNIL 2022-100, case 2).

    `unlocked_after_seconds` is when a locked account opens again by itself; `delay_seconds` is a
    wait before the next attempt.
    """

    after_attempts: int | None = None
    delay_seconds: int | None = None
    attempts_per_day: int | None = None
    captcha: bool = False
    unlocked_after_seconds: int | None = None


Factor: TypeAlias = Literal[
    "password",
    "totp",
    "passkey",
    "smart_card",
    "pro_sante_connect",
    "france_connect",
    "client_certificate",
    "push",
    "sms",
    "email",
    "location",
    "second_factor",
]


Assurance: TypeAlias = Literal["none", "accredited", "eidas_substantial", "eidas_high"]


class Accounts(Struct, frozen=True, forbid_unknown_fields=True):
    """The sign-in policy of one class of accounts; what is left out was not answered.

    `configured_in` are paths or patterns of the system copy that hold this very policy: what is
    read there counts before what is said here. `sign_in` are the pages they sign in on, as paths
    or addresses of a target. `assurance` is the certificate of the means of identification;
    `arrivals_departures` says whether there is a written and applied process for who comes and
    who leaves.
    """

    class_: AccountClass = field(name="class")
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


PasswordReset: TypeAlias = Literal[
    "single_use_link", "password_by_email", "secret_question", "in_person"
]


class AuthenticationDeclaration(Struct, frozen=True, forbid_unknown_fields=True):
    """How people sign in, as told by those who run the service."""

    accounts: tuple[Accounts, ...] = ()
    passwords_sent_by: Literal["never", "email", "post", "phone", "sms"] | None = None
    reset: PasswordReset | None = None


LogEvent: TypeAlias = Literal[
    "sign_in_success",
    "sign_in_failure",
    "sign_out",
    "consultation",
    "search",
    "creation",
    "modification",
    "deletion",
    "export",
    "access_denied",
    "rights_change",
    "configuration_change",
    "log_change",
]
Frequency: TypeAlias = Literal["daily", "weekly", "monthly", "quarterly", "yearly", "never"]


LogPurpose: TypeAlias = Literal["internal_control", "legal_duty", "short_lived_data"]


class LogRetention(Struct, frozen=True, forbid_unknown_fields=True):
    """The class of a log, by path or pattern, and why it is kept longer or shorter than usual.

    The purposes are the cases of CNIL 2021-122: internal control, a legal duty or a threat, or
    data that are themselves kept for less than six months (`data_days`).
    """

    log: str
    class_: LogClass = field(name="class")
    purpose: LogPurpose | None = None
    reason: str = ""
    data_days: int | None = None


class LoggingDeclaration(Struct, frozen=True, forbid_unknown_fields=True):
    """What is logged, kept and looked at, as told by those who run the service."""

    retention_days: int | None = None
    events: tuple[LogEvent, ...] | None = None
    separated: bool | None = None
    reviewed: Frequency | None = None
    alerting: bool | None = None
    clock_synchronised: bool | None = None
    retention: tuple[LogRetention, ...] = ()


class Pseudonymisation(Struct, frozen=True, forbid_unknown_fields=True):
    """How people are replaced by pseudonyms in one set of data.

    `function` is the hash or cipher, `key_kept_apart` whether those who hold the data cannot reach
    the key or the table that leads back to the people.
    """

    what: str
    method: Literal["hash", "keyed_hash", "encryption", "random_table"]
    function: str = ""
    key_kept_apart: bool | None = None


class SecurityDeclaration(Struct, frozen=True, forbid_unknown_fields=True):
    """Encryption at rest, testing and the practices around the service, as told by its people.

    Each answer says what holds: `false` or `never` is a shortcoming, what is left out stays a
    question.
    """

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


class Declarations(Struct, frozen=True, forbid_unknown_fields=True):
    """What only people can answer."""

    hosting: HostingDeclaration | None = None
    authentication: AuthenticationDeclaration | None = None
    logging: LoggingDeclaration | None = None
    security: SecurityDeclaration | None = None


class Waiver(Struct, frozen=True, forbid_unknown_fields=True):
    """A failure accepted for a while, at most 180 days, by a named person for a reason."""

    rule: str
    target: str
    reason: str
    approved_by: str
    until: dt.date


class Attestation(Struct, frozen=True, forbid_unknown_fields=True):
    """A signed statement that stands in for a fact nobody could observe; it expires."""

    rule: str
    statement: str
    signed_by: str
    role: str
    signed_on: dt.date
    valid_for: Annotated[str, Meta(pattern=r"^[1-9]\d? (days?|weeks?|months?|years?)$")]
    target: str | None = None
    document: str = ""

    @property
    def expires_on(self) -> dt.date:
        """The last day the statement stands."""
        count, unit = self.valid_for.split()
        days = {"day": 1, "week": 7, "month": 30, "year": 365}[unit.removesuffix("s")]
        return self.signed_on + dt.timedelta(days=int(count) * days)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """How gently each host is treated."""

    requests_per_host: int = 2000
    requests_per_second: float = 10.0


class IdentitySources(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ask who runs the targets; without `online_identity`, for their addresses only.

    `resolver` is an address with or without a port, and this machine's resolver where it is empty;
    `registry` is the RDAP service of a regional Internet registry.
    """

    resolver: str = ""
    ask: tuple[Literal["names", "networks", "registrants"], ...] = (
        "names",
        "networks",
        "registrants",
    )
    registry: str = "https://rdap.db.ripe.net/"


class Scope(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything an audit may look at; nothing else is ever contacted."""

    version: Literal[1]
    targets: tuple[Target, ...] = ()
    organisation: Organisation | None = None
    health_data: HealthData | None = None
    profile: Profile = Profile.ANSSI
    notice: Notice | None = None
    authorisation: Authorisation | None = None
    sources: Sources = Sources()
    declarations: Declarations = Declarations()
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    limits: Limits = Limits()
    online_identity: bool = False
    """Whether others may be asked who runs the targets: each thus learns what is audited."""
    identity: IdentitySources = IdentitySources()
