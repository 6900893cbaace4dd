"""Lists of accounts handed over as CSV: shared ones, leavers, dormant ones; never a name."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cnilcheck import __version__
from cnilcheck.collectors.base import Seen, Sighting, Task, Tools
from cnilcheck.collectors.generic_names import generic_name
from cnilcheck.errors import Interrupted, Malformed, NotReadable
from cnilcheck.model.facts import AccountDay, AccountList, Fact, GenericAccount
from cnilcheck.model.scope import AccountListSource, Scope
from cnilcheck.model.words import AccountClass, Method

_MAX_BYTES = 50_000_000
_MAX_ROWS = 500_000
_KEPT = 200
_SYNONYMS = {
    "login": "identifiant login username user utilisateur compte nomutilisateur samaccountname"
    " userprincipalname uid userid nomdutilisateur account accountname nomducompte code",
    "email": "email mail courriel adressemail adresseemail adresseelectronique emailaddress",
    "name": "nom name displayname nomcomplet fullname nomprenom prenomnom titulaire titulaires"
    " personne personnes holder holders lastname",
    "active": "actif active enabled statut status etat isactive accountenabled compteactif",
    "disabled": "desactive disabled bloque locked verrouille inactif accountdisabled",
    "left": "datedepart datededepart datesortie datedesortie depart sortie leavedate leftdate"
    " lefton enddate datefin datedefin finducontrat datefincontrat terminationdate departuredate",
    "last": "derniereconnexion dernierecnx lastlogin lastlogon lastlogondate lastsignin"
    " dernieracces lastlogintime derniereutilisation datedernierconnexion lastseen"
    " lastlogontimestamp lastsignindatetime lastconnection datederniereconnexion",
    "created": "datecreation datedecreation creation created createdat creele whencreated"
    " datejoined createddatetime createdon",
    "password": "datemotdepasse motdepassemodifie motdepassemodifiele datechangementmotdepasse"
    " passwordlastset pwdlastset lastpasswordchange passwordchangedat passwordchanged"
    " derniermotdepasse dernierchangementmotdepasse dernierchangementdemotdepasse"
    " lastpasswordchangedatetime changementmotdepasse",
    "role": "role roles profil profils droits droit groupe groupes group groups permissions admin"
    " isadmin administrateur issuperuser typedecompte memberof habilitation habilitations",
    "factor": "mfa 2fa totp otp doublefacteur secondfacteur deuxiemefacteur authentificationforte"
    " mfaenabled twofactor doubleauthentification strongauthentication mfastatus facteur2",
}
_BY_NAME = {name: word for word, names in _SYNONYMS.items() for name in names.split()}
_YES = frozenset("oui yes true vrai 1 o y x actif active enabled on ok".split())
_NO = frozenset(
    "non no false faux 0 n inactif inactive disabled desactive off aucun aucune none ferme closed"
    " suspendu suspended bloque locked supprime deleted -".split()
)
_NEVER = frozenset(("", "jamais", "never", "null", "none", "-", "n/a", "0"))
_ADMINISTRATORS = re.compile(r"admin|superuser|root|superviseur|full\s*control|tous\s*les\s*droits")


class AccountLists:
    """Reads account lists and keeps line numbers, dates and counts."""

    name = "account-lists"
    method = Method.EXAMINE
    yields: tuple[type[Fact], ...] = (AccountList,)
    asks = "sources.accounts"

    def version(self) -> str:
        """Return the version of cnilcheck: the reader is its own."""
        return __version__

    def tasks(self, scope: Scope) -> tuple[Task, ...]:
        """Return one task per list."""
        return tuple(Task(source.path, source.path, source) for source in scope.sources.accounts)

    def observe(self, task: Task, tools: Tools) -> Iterator[Sighting]:
        """Yield what one list says; raises Malformed when it is no table of accounts."""
        source: AccountListSource = task.subject
        left = _leavers(tools.path(source.leavers)) if source.leavers else frozenset()
        reader = _List(source, left)
        for number, row in _rows(_text(tools.path(source.path))):
            if tools.stop.is_set():
                raise Interrupted("stopped by the operator")
            reader.take(number, row)
        tools.journal.write(
            task.target, self.name, f"read {source.path}", f"{reader.total} accounts"
        )
        yield Seen(task.location, reader.fact())


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise NotReadable(f"{path.name} is not an ordinary file")
        if path.stat().st_size > _MAX_BYTES:
            raise NotReadable(f"{path.name} is larger than {_MAX_BYTES // 1_000_000} MB")
        content = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path.name}: {error.strerror}") from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if b"\0" in content[:8192]:
        raise Malformed("binary content, not a CSV file: save the table as CSV")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of the line it ends on; the header comes first."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t|", key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
            if reader.line_num > _MAX_ROWS:
                raise Malformed(f"more than {_MAX_ROWS} lines")
    except csv.Error as error:
        raise Malformed(f"not a CSV file: {error}") from None


def plain(text: str) -> str:
    """Return a text without capitals, accents and spaces at its ends."""
    bare = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(c for c in bare if not unicodedata.combining(c))


def _title(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", plain(text))


def departures(tools: Tools) -> dict[str, dt.date | None]:
    """Return each account of the scope's lists, bare of accents, and the day its owner left.

    None for who did not leave. A list that cannot be read names nobody: its own gap says so.
    """
    found: dict[str, dt.date | None] = {}
    for source in tools.scope.sources.accounts:
        try:
            found |= _departures(source, tools)
        except (Malformed, NotReadable):
            continue
    return found


def _departures(source: AccountListSource, tools: Tools) -> dict[str, dt.date | None]:
    found: dict[str, dt.date | None] = {}
    for _, row in _rows(_text(tools.path(source.leavers))) if source.leavers else ():
        day = next((day for cell in row if (day := day_of(cell))), None)
        if day is not None:
            found |= {plain(cell): day for cell in row if len(cell) > 2 and not day_of(cell)}
    reader = _List(source, frozenset())
    for number, row in _rows(_text(tools.path(source.path))):
        names, day = reader.departure(number, row)
        found |= {name: day or found.get(name) for name in names}
    return found


def _leavers(path: Path) -> frozenset[str]:
    cells = (plain(cell) for _, row in _rows(_text(path)) for cell in row)
    return frozenset(cell for cell in cells if len(cell) > 2)


def day_of(text: str) -> dt.date | None:
    """Return the day a cell states: ISO, day first, or Active Directory's ticks; None otherwise."""
    text = text.strip()
    if found := re.match(r"(\d{4})-(\d\d)-(\d\d)", text):
        year, month, day = (int(part) for part in found.groups())
    elif found := re.match(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text):
        day, month, year = (int(part) for part in found.groups())
    elif re.fullmatch(r"1[0-9]{17}", text):
        # FILETIME: 100 ns since 1601.
        return (dt.datetime(1601, 1, 1) + dt.timedelta(microseconds=int(text) // 10)).date()
    else:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


@dataclass
class _List:
    """Takes in the rows one after the other."""

    source: AccountListSource
    left: frozenset[str]
    total: int = 0
    active: int = 0
    _columns: dict[str, int] | None = None
    _generic: list[GenericAccount] = field(default_factory=list)
    _several: list[int] = field(default_factory=list)
    _gone: list[AccountDay] = field(default_factory=list)
    _used: list[AccountDay] = field(default_factory=list)
    _kept: list[int] = field(default_factory=list)
    _administrators: int = 0
    _bare: list[int] = field(default_factory=list)

    def take(self, line: int, row: list[str]) -> None:
        """Take in the header, then one account per row."""
        if self._columns is None:
            self._columns = self._header(row)
            return
        self.total += 1
        if not self._is_active(row):
            return
        self.active += 1
        self._shared(line, row)
        self._leaver(line, row)
        self._dates(line, row)
        self._rights(line, row)

    def departure(self, line: int, row: list[str]) -> tuple[tuple[str, ...], dt.date | None]:
        """Take in a row; return the names of its account, and the day its owner left."""
        if self._columns is None:
            self.take(line, row)
            return (), None
        cells = (self._cell(row, word) for word in ("login", "email"))
        return tuple(plain(cell) for cell in cells if cell), day_of(self._cell(row, "left") or "")

    def _header(self, row: list[str]) -> dict[str, int]:
        titles = [_title(cell) for cell in row]
        found: dict[str, int] = {}
        for place, title in enumerate(titles):
            word = _BY_NAME.get(title)
            if word is not None:
                found.setdefault(word, place)
        for word, name in self.source.columns.items():
            if _title(name) not in titles:
                raise Malformed(f"no column `{name}` in the first line")
            found[word] = titles.index(_title(name))
        if "login" not in found and "email" not in found and "name" not in found:
            raise Malformed(
                "no column of the first line names the accounts: say which in `columns`"
            )
        return found

    def _cell(self, row: list[str], word: str) -> str | None:
        place = (self._columns or {}).get(word)
        return row[place].strip() if place is not None and place < len(row) else None

    def _is_active(self, row: list[str]) -> bool:
        if plain(self._cell(row, "active") or "oui") in _NO:
            return False
        return plain(self._cell(row, "disabled") or "non") not in _YES

    def _shared(self, line: int, row: list[str]) -> None:
        login = self._cell(row, "login") or self._cell(row, "email") or ""
        shared = generic_name(plain(login))
        if shared:
            self._generic.append(GenericAccount(line, shared[:40]))
        elif (
            _several(self._cell(row, "name") or "")
            or (self._cell(row, "email") or "").count("@") > 1
        ):
            self._several.append(line)

    def _leaver(self, line: int, row: list[str]) -> None:
        left = self._cell(row, "left")
        if left and (day := day_of(left)):
            self._gone.append(AccountDay(line, day))
        elif self.left and any(
            plain(self._cell(row, word) or "") in self.left for word in ("login", "email", "name")
        ):
            self._gone.append(AccountDay(line, None))

    def _dates(self, line: int, row: list[str]) -> None:
        created = day_of(self._cell(row, "created") or "")
        last = self._cell(row, "last")
        if last is not None:
            day = day_of(last)
            if day is not None or plain(last) in _NEVER:
                self._used.append(AccountDay(line, day, created))
        changed = self._cell(row, "password")
        if changed is not None:
            day = day_of(changed)
            if (day is None and plain(changed) in _NEVER) or (day and created and day <= created):
                self._kept.append(line)

    def _rights(self, line: int, row: list[str]) -> None:
        role = self._cell(row, "role")
        by_class = self.source.class_ is AccountClass.ADMINISTRATORS
        title = plain(role or "")
        flagged = title in _YES and self._is_flag()
        if not (by_class or flagged or _ADMINISTRATORS.search(title)):
            return
        self._administrators += 1
        factor = self._cell(row, "factor")
        if factor is not None and plain(factor) in (*_NO, *_NEVER):
            self._bare.append(line)

    def _is_flag(self) -> bool:
        return "role" in (self._columns or {})

    def fact(self) -> AccountList:
        """Return what was taken in; raises Malformed when there was no account."""
        if self._columns is None or not self.total:
            raise Malformed("the file holds no account")
        known = self._columns
        oldest = sorted(self._used, key=lambda used: (used.day or dt.date.min, used.line))
        rights = "role" in known or self.source.class_ is AccountClass.ADMINISTRATORS
        return AccountList(
            class_=self.source.class_,
            accounts=self.total,
            active=self.active,
            generic=tuple(self._generic[:_KEPT]),
            several_people=tuple(self._several[:_KEPT]),
            leavers=tuple(self._gone[:_KEPT]) if "left" in known or self.left else None,
            last_used=tuple(oldest[:_KEPT]) if "last" in known else None,
            administrators=self._administrators if rights else None,
            without_second_factor=tuple(self._bare[:_KEPT])
            if rights and "factor" in known
            else None,
            initial_password_kept=tuple(self._kept[:_KEPT]) if "password" in known else None,
        )


def _several(name: str) -> bool:
    """Return whether a cell names several people."""
    return re.search(r"\w\s*(?:/|&|;|\+|\bet\b|\band\b)\s*\w", name) is not None
