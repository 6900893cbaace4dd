"""The command line: reads arguments, wires, prints, sets the exit code; decides nothing."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cnilcheck import __version__
from cnilcheck.cli.hosts import hosts_app
from cnilcheck.cli.words import LANG, say
from cnilcheck.errors import UsageError
from cnilcheck.model.words import Lang, LogClass, Module, Profile, Severity

app = typer.Typer(
    name="cnilcheck",
    help=say(
        "Audite un déploiement qui traite des données de santé d'après ce que constate la CNIL, "
        "et écrit le rapport de remise en conformité.",
        "Audit a deployment that handles health data against what the CNIL finds, "
        "and write the remediation report.",
    ),
    epilog=say(
        "Codes de sortie : 0 rien n'échoue, 1 un manquement, 2 mauvais usage, 3 observation "
        "incomplète.",
        "Exit codes: 0 nothing fails, 1 something does, 2 wrong use, 3 observation incomplete.",
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_Lang = Annotated[
    Lang, typer.Option("--lang", help=say("Langue du rapport.", "Language of the report."))
]
_Force = Annotated[
    bool,
    typer.Option("--force", help=say("Remplacer ce qui existe.", "Replace what is there.")),
]
_Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help=say(
            "Autres formats, répétés ou séparés par des virgules : md, pdf, csv, xlsx, jsonl, "
            "sarif, junit, ocsf, oscal.",
            "Further formats, repeated or separated by commas: md, pdf, csv, xlsx, jsonl, sarif, "
            "junit, ocsf, oscal.",
        ),
    ),
]
_Baseline = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        help=say(
            "Rapport de référence : seul ce qui est nouveau ou pire fait échouer.",
            "Baseline report: only what is new or worse fails the run.",
        ),
        metavar="REPORT.JSON",
    ),
]
_FailOn = Annotated[
    Severity,
    typer.Option(
        "--fail-on",
        help=say("Gravité à partir de laquelle sortir avec 1.", "Severity from which to exit 1."),
    ),
]
_Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help=say("Sortir avec 3 s'il reste une question.", "Exit 3 if a question stays open."),
    ),
]
_AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help=say("Juger à cette date.", "Judge for that day."), metavar="DATE"),
]
_Profile = Annotated[
    Profile | None,
    typer.Option(
        "--profile",
        help=say(
            "Les nombres de qui : ceux de l'ANSSI, ceux de Mozilla pour TLS, ou en plus le projet "
            "non publié du référentiel d'identification électronique (rie-v2-draft).",
            "Whose numbers: ANSSI's, Mozilla's for TLS, or besides the unpublished draft of the "
            "electronic identification framework (rie-v2-draft).",
        ),
    ),
]
_OnlineIdentity = Annotated[
    bool,
    typer.Option(
        "--online-identity",
        help=say(
            "Interroger le résolveur, Team Cymru et un registre sur les adresses auditées : ils "
            "les apprennent.",
            "Ask the resolver, Team Cymru and a registry about the audited addresses: they learn "
            "them.",
        ),
    ),
]
_Active = Annotated[
    bool,
    typer.Option(
        "--active",
        help=say(
            "Se connecter aussi avec les comptes d'essai prêtés (test_account), et y essayer de "
            "faux mots de passe.",
            "Also sign in as the lent test accounts (test_account), and try wrong passwords there.",
        ),
    ),
]
_Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help=say("N'afficher que l'essentiel.", "Print little."))
]
_Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help=say(
            "Dossier de l'audit ; `-` : rien n'est gardé, un seul format sort.",
            "Folder of the audit; `-`: nothing is kept, one format goes to standard output.",
        ),
    ),
]
_LogLevel = Annotated[
    str,
    typer.Option(
        "--log-level",
        help=say(
            "Ce qui est dit en cours de route : error, warning, info, debug.",
            "What is said on the way: error, warning, info, debug.",
        ),
    ),
]
_STDOUT = Path("-")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cnilcheck {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_version, is_eager=True,
            help=say("Afficher la version.", "Print the version."),
        ),
    ] = False,
) -> None:  # fmt: skip
    pass


@app.command(help=say("Auditer un déploiement réel.", "Audit a real deployment."))
def scan(
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            help=say("Adresses, sans fichier de périmètre.", "Addresses, without a file.")
        ),
    ] = None,
    scope: Annotated[
        Path | None, typer.Option("--scope", help=say("Fichier de périmètre.", "Scope file."))
    ] = None,
    out: _Out = None,
    lang: _Lang = LANG,
    formats: _Formats = None,
    fail_on: _FailOn = Severity.HIGH,
    strict: _Strict = False,
    as_of: _AsOf = None,
    profile: _Profile = None,
    force: _Force = False,
    quiet: _Quiet = False,
    baseline: _Baseline = None,
    online_identity: _OnlineIdentity = False,
    retest: Annotated[
        Path | None,
        typer.Option(
            "--retest",
            help=say(
                "Revoir seulement ce qui échouait ou restait ouvert dans cet audit.",
                "Look again only at what failed or stayed open in that audit.",
            ),
            metavar="DIR",
        ),
    ] = None,
    active: _Active = False,
    log_level: _LogLevel = "warning",
) -> None:
    """Audit the scope of a file, or the addresses given."""
    from cnilcheck.cli.scan import run_scan

    telling = _telling(lang, formats, fail_on, strict, quiet, baseline, log_level, out)
    with _folder(out) as folder:
        code = run_scan(
            urls or [], scope, folder, as_of, force, telling, profile,
            online_identity=online_identity, retest=retest, active=active,
        )  # fmt: skip
    raise typer.Exit(code)


class _FilesOrCommand(TyperGroup):
    """What follows `logs` and is no command of its own is what `read` is given.

    Its help therefore shows what `read` takes, beside its other commands.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.commands["read"].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[OPTIONS] FILE...", "|", "confirm ..."]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["read", *args]
        return super().parse_args(ctx, args)


logs_app = typer.Typer(
    cls=_FilesOrCommand,
    help=say(
        "Lire des journaux, sans fichier de périmètre, et juger ce qu'ils montrent.",
        "Read logs, without a scope file, and judge what they show.",
    ),
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(logs_app, name="logs")


@logs_app.command(
    name="read",
    help=say(
        "Lire des journaux, sans fichier de périmètre, et juger ce qu'ils montrent.",
        "Read logs, without a scope file, and judge what they show.",
    ),
)
def logs(
    files: Annotated[
        list[str],
        typer.Argument(
            help=say(
                "Fichiers, dossiers ou motifs ; - pour l'entrée standard.",
                "Files, folders or patterns; - for standard input.",
            ),
            metavar="FILE...",
        ),
    ],
    log_class: Annotated[
        LogClass,
        typer.Option("--class", help=say("À quoi servent ces journaux.", "What the logs are for.")),
    ] = LogClass.APPLICATION_ACCESS,
    log_format: Annotated[
        str,
        typer.Option(
            "--log-format",
            help=say(
                "Format des lignes : un nom, le log_format de nginx ou le LogFormat d'Apache.",
                "Format of the lines: a name, nginx's log_format or Apache's LogFormat.",
            ),
        ),
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--mapping",
            help=say(
                "Colonne d'un tableau CSV, par exemple author=Utilisateur ; à répéter.",
                "Column of a CSV table, for instance author=User; may be repeated.",
            ),
            metavar="FIELD=COLUMN",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help=say("Seulement depuis ce jour (UTC).", "Only from that day on (UTC)."),
            metavar="DATE",
        ),
    ] = None,
    out: _Out = None,
    lang: _Lang = LANG,
    formats: _Formats = None,
    fail_on: _FailOn = Severity.HIGH,
    strict: _Strict = False,
    as_of: _AsOf = None,
    force: _Force = False,
    quiet: _Quiet = False,
) -> None:
    """Audit logs alone; Ctrl-C ends the reading and gives the report of what was read."""
    from cnilcheck.cli.logs import Asked, run_logs

    telling = _telling(lang, formats, fail_on, strict, quiet, out=out)
    asked = Asked(tuple(files), log_class, log_format, tuple(mapping or ()), since)
    with _folder(out) as folder:
        code = run_logs(asked, folder, as_of, force, telling)
    raise typer.Exit(code)


@app.command(
    help=say(
        "Démarrer une réplique sur cette machine et l'auditer.",
        "Start a replica on this machine and audit it.",
    )
)
def demo(
    mended: Annotated[
        bool,
        typer.Option("--mended", help=say("Le même déploiement, corrigé.", "The mended twin.")),
    ] = False,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help=say("Le laisser tourner jusqu'à Ctrl-C.", "Leave it on until Ctrl-C.")
        ),
    ] = False,
    out: _Out = None,
    lang: _Lang = LANG,
    formats: _Formats = None,
    fail_on: _FailOn = Severity.HIGH,
    strict: _Strict = False,
    force: _Force = False,
    quiet: _Quiet = False,
    log_level: _LogLevel = "warning",
) -> None:
    """Audit a replica of a deployment with the flaws of MED-2021-093, on loopback only."""
    from cnilcheck.cli.demo import run_demo, serve_demo

    telling = _telling(lang, formats, fail_on, strict, quiet, None, log_level, out)
    if serve:
        serve_demo(mended)
        return
    with _folder(out) as folder:
        code = run_demo(mended, folder, force, telling)
    raise typer.Exit(code)


@app.command(
    help=say(
        "Juger à nouveau un audit enregistré, sans réseau.",
        "Judge a stored audit again, without any network.",
    )
)
def report(
    folder: Annotated[
        Path, typer.Argument(help=say("Dossier de l'audit.", "Folder of the audit."))
    ],
    lang: _Lang = LANG,
    formats: _Formats = None,
    fail_on: _FailOn = Severity.HIGH,
    strict: _Strict = False,
    as_of: _AsOf = None,
    profile: _Profile = None,
    quiet: _Quiet = False,
    baseline: _Baseline = None,
) -> None:
    """Write the reports of an audit anew, from its evidence."""
    from cnilcheck.cli.scan import run_report

    telling = _telling(lang, formats, fail_on, strict, quiet, baseline)
    raise typer.Exit(run_report(folder, as_of, telling, profile))


@app.command(
    help=say(
        "Comparer deux audits : corrigé, nouveau, encore là, pire ou qui ne s'observe plus.",
        "Compare two audits: mended, new, still there, worse, no longer observable.",
    )
)
def compare(
    old: Annotated[
        Path, typer.Argument(help=say("Dossier ou report.json d'avant.", "Earlier folder or file."))
    ],
    new: Annotated[
        Path, typer.Argument(help=say("Dossier ou report.json d'après.", "Later folder or file."))
    ],
    lang: _Lang = LANG,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            help=say("Fichiers à écrire : html, md, json.", "Files to write: html, md, json."),
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", help=say("Où les écrire.", "Where to write them."))
    ] = Path(),
    fail_on: _FailOn = Severity.HIGH,
    force: _Force = False,
    quiet: _Quiet = False,
) -> None:
    """Compare two reports of one deployment."""
    from cnilcheck.cli.compare import run_compare

    raise typer.Exit(run_compare(old, new, lang, _split(formats), out, fail_on, force, quiet))


@app.command(
    help=say(
        "Réunir les audits et les pièces à joindre à la réponse.",
        "Put together the audits and documents to annex to the answer.",
    )
)
def dossier(
    folders: Annotated[
        list[Path],
        typer.Argument(help=say("Dossiers d'audit, d'avant et d'après.", "Folders of audits.")),
    ],
    out: Annotated[
        Path, typer.Option("--out", help=say("Où l'écrire.", "Where to write it."))
    ] = Path("dossier"),
    documents: Annotated[
        list[Path] | None,
        typer.Option("--document", help=say("Pièce à joindre.", "Document to annex.")),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--sign", help=say("Clé privée OpenSSH.", "OpenSSH private key.")),
    ] = None,
    signer: Annotated[
        str, typer.Option("--signer", help=say("Qui signe.", "Who signs."))
    ] = "auditor",
    timestamp: Annotated[
        str | None,
        typer.Option(
            "--timestamp",
            metavar="URL",
            help=say(
                "Horodater auprès de ce service (RFC 3161) : seule une empreinte lui est envoyée.",
                "Time-stamp with this service (RFC 3161): only a digest is sent to it.",
            ),
        ),
    ] = None,
    lang: _Lang = LANG,
) -> None:
    """Write the dossier: audits, letter, documents, manifest, signature."""
    from cnilcheck.cli.dossier import make_dossier

    make_dossier(folders, documents or [], out, lang, key, signer, timestamp)


@app.command(
    help=say(
        "Dire si un dossier ou un audit a été modifié depuis.",
        "Say whether a dossier or an audit was altered since.",
    )
)
def verify(
    folder: Annotated[
        Path, typer.Argument(help=say("Dossier ou audit.", "Dossier or audit."))
    ],
    signer: Annotated[
        Path | None,
        typer.Option(
            "--signer", metavar="KEY.PUB",
            help=say("Clé publique attendue.", "Expected public key."),
        ),
    ] = None,
) -> None:  # fmt: skip
    """Name each file that is not as its digest says, and check the seals."""
    from cnilcheck.cli.dossier import verify_dossier

    raise typer.Exit(verify_dossier(folder, signer))


@app.command(
    help=say(
        "Lister ce que des autorités ont décidé en matière de sécurité.",
        "List what authorities decided about security.",
    )
)
def decisions(
    weakness: Annotated[
        str | None, typer.Option("--weakness", help=say("Une faiblesse.", "One weakness."))
    ] = None,
    module: Annotated[
        Module | None, typer.Option("--module", help=say("Un seul module.", "One module."))
    ] = None,
    health: Annotated[
        bool | None,
        typer.Option(
            "--health/--no-health", help=say("Secteur de la santé, ou non.", "Health, or not.")
        ),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option("--authority", help=say("Une autorité : CNIL, AP…", "One: CNIL, AP…")),
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help=say("Une année.", "One year."))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("En JSON.", "As JSON."))] = False,
    lang: _Lang = LANG,
) -> None:
    """List public decisions: what was found and decided then, nothing of today."""
    from cnilcheck.cli.decisions import Wanted, list_decisions

    wanted = Wanted(weakness, module, health, authority, year)
    list_decisions(wanted, lang, as_json=as_json)


rules_app = typer.Typer(
    help=say("Lister et expliquer les règles.", "List and explain the rules."),
    rich_markup_mode=None,
)
app.add_typer(rules_app, name="rules")
app.add_typer(hosts_app, name="hosts")


@rules_app.callback(invoke_without_command=True)
def rules(
    context: typer.Context,
    module: Annotated[
        Module | None, typer.Option("--module", help=say("Un seul module.", "One module."))
    ] = None,
    severity: Annotated[
        Severity | None, typer.Option("--severity", help=say("Une gravité.", "One severity."))
    ] = None,
    weakness: Annotated[
        str | None, typer.Option("--weakness", help=say("Une faiblesse.", "One weakness."))
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help=say("Un tableau Markdown.", "A Markdown table."))
    ] = False,
    lang: _Lang = LANG,
) -> None:
    """List the rules."""
    if context.invoked_subcommand is None:
        from cnilcheck.cli.rules import list_rules

        list_rules(module, severity, weakness, lang, markdown=markdown)


@rules_app.command(help=say("Expliquer une règle.", "Explain a rule."))
def show(
    rule: Annotated[str, typer.Argument(help=say("Identifiant de la règle.", "The rule's id."))],
    lang: _Lang = LANG,
) -> None:
    """Explain one rule for a person, with its sources."""
    from cnilcheck.cli.rules import show_rule

    show_rule(rule, lang)


@app.command(
    name="password-policy",
    help=say(
        "Dire ce que vaut une politique de mots de passe selon la CNIL.",
        "Say what a password policy is worth by the CNIL's model.",
    ),
)
def password_policy(
    description: Annotated[
        str,
        typer.Argument(
            help=say(
                "Par exemple « 12 caractères, 4 types, blocage 10 ».",
                "For instance “12 characters, 4 classes, lockout 10”.",
            )
        ),
    ] = "",
    length: Annotated[int | None, typer.Option("--length")] = None,
    classes: Annotated[int | None, typer.Option("--classes")] = None,
    words: Annotated[int | None, typer.Option("--words")] = None,
    lockout: Annotated[int | None, typer.Option("--lockout")] = None,
    delay: Annotated[
        int | None,
        typer.Option("--delay", help=say("Attente, en secondes.", "Wait, in seconds.")),
    ] = None,
    per_day: Annotated[
        int | None,
        typer.Option("--per-day", help=say("Essais par jour.", "Attempts a day.")),
    ] = None,
    captcha: Annotated[bool, typer.Option("--captcha")] = False,
    no_lockout: Annotated[bool, typer.Option("--no-lockout")] = False,
    lang: _Lang = LANG,
) -> None:
    """Explain the entropy of a policy, the CNIL's case it falls under, and the verdict."""
    from cnilcheck.cli.password import explain_policy

    options = {
        "length": length, "classes": classes, "words": words, "lockout": lockout, "delay": delay,
        "per_day": per_day, "captcha": captcha, "no_lockout": no_lockout,
    }  # fmt: skip
    raise typer.Exit(explain_policy(description, options, lang))


@logs_app.command(
    help=say(
        "Chercher les actions d'essai d'un audit dans des journaux remis ensuite.",
        "Look for the test actions of an audit in logs handed over afterwards.",
    )
)
def confirm(
    audit: Annotated[Path, typer.Argument(help=say("Dossier de l'audit.", "Folder of the audit."))],
    files: Annotated[
        list[Path], typer.Argument(help=say("Journaux, compressés ou non.", "Logs, packed or not."))
    ],
    out: _Out = None,
    lang: _Lang = LANG,
    formats: _Formats = None,
    fail_on: _FailOn = Severity.HIGH,
    strict: _Strict = False,
    as_of: _AsOf = None,
    force: _Force = False,
    quiet: _Quiet = False,
) -> None:
    """Write a new audit folder; the one that is confirmed stays as it is."""
    from cnilcheck.cli.confirm import run_confirm

    telling = _telling(lang, formats, fail_on, strict, quiet, out=out)
    with _folder(out) as folder:
        raise typer.Exit(run_confirm(audit, files, folder, as_of, force, telling))


@app.command(help=say("Écrire un périmètre commenté.", "Write a commented scope file."))
def init(
    path: Annotated[
        Path, typer.Argument(help=say("Le fichier à écrire.", "The file to write."))
    ] = Path("cnilcheck.yaml"),
    lang: _Lang = LANG,
    force: _Force = False,
) -> None:
    """Write a scope file that explains itself."""
    from cnilcheck.cli.init import write_scope

    write_scope(path, lang, force)


@app.command(help=say("Afficher le schéma JSON d'un fichier.", "Print the JSON Schema of a file."))
def schema(
    name: Annotated[str, typer.Argument(help="scope, rule, evidence, report, comparison")],
) -> None:
    """Print the schema of the scope file, a rule, the evidence, a report or a comparison."""
    from cnilcheck.documents.schemas import NAMES, schema_text

    if name not in NAMES:
        raise UsageError(f"schema: `{name}` is none of {', '.join(NAMES)}")
    print(schema_text(name), end="")


def _telling(  # type: ignore[no-untyped-def]
    lang: Lang,
    formats: list[str] | None,
    fail_on: Severity,
    strict: bool,
    quiet: bool,
    baseline: Path | None = None,
    log_level: str = "warning",
    out: Path | None = None,
):
    from cnilcheck.cli.run import Format, Level, Telling, file_of

    asked = [name for name in _split(formats) if name not in ("json", "html")]
    for name in asked:
        if name not in list(Format):
            raise UsageError(f"--format: `{name}` is none of json, html, {', '.join(Format)}")
    if Format.PDF in asked:
        from cnilcheck.renderers import pdf

        pdf.require()
    past = None
    if baseline is not None:
        from cnilcheck.documents.past_report import read_past_report

        past = read_past_report(baseline)
    if log_level not in list(Level):
        raise UsageError(f"--log-level: `{log_level}` is none of {', '.join(Level)}")
    faces = tuple(Format(name) for name in dict.fromkeys(asked))
    on_stdout = file_of(_split(formats)) if out == _STDOUT else None
    return Telling(lang, faces, fail_on, strict, quiet, past, Level(log_level), on_stdout)


def _split(formats: list[str] | None) -> list[str]:
    return [name.strip() for names in formats or () for name in names.split(",") if name.strip()]


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Yield the folder of the audit: the one asked for, a new one, or one that is not kept."""
    if out == _STDOUT:
        with tempfile.TemporaryDirectory(prefix="cnilcheck-") as place:
            yield Path(place)
    else:
        yield out or Path(f"audit-{dt.datetime.now():%Y-%m-%d-%H%M%S}")
