"""Whether two ways of writing a company's name are one: case, accents, legal form, initials."""

from __future__ import annotations

import re
import unicodedata

_LEGAL_FORMS = frozenset(
    "sa sas sasu sarl eurl snc sci gie scop se sca gmbh ag kg ltd llc inc corp plc bv nv srl spa "
    "the le la les de des du d l et and of".split()
)
_COMMON = frozenset(
    "cloud hosting hebergement hebergeur hebergeurs services service solutions groupe group france "
    "europe sante health healthcare data donnees digital international technologies systems emea "
    "ireland certifie certified".split()
)


def name_words(name: str) -> list[str]:
    """Return the words of a company's name without accents, case and legal form."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    joined = re.sub(r"\b(?:[a-z]\.){2,}", lambda m: m[0].replace(".", ""), plain)
    return [word for word in re.findall(r"[a-z0-9]+", joined) if word not in _LEGAL_FORMS]


def own_words(name: str) -> set[str]:
    """Return the words of a name that are its own, and not those of the trade."""
    return set(name_words(name)) - _COMMON


def identical(name: str, other: str) -> bool:
    """Return whether two names have the same words, legal form and order aside."""
    return bool(name_words(name)) and sorted(name_words(name)) == sorted(name_words(other))


def same_name(name: list[str], holder: list[str]) -> bool:
    """Return whether two names are one but for case, accents, legal form, length or initials."""
    if not name or not holder:
        return False
    if set(name) <= set(holder) or set(holder) <= set(name):
        return bool((set(name) & set(holder)) - _COMMON) or name == holder
    short, long = sorted(("".join(name), "".join(holder)), key=len)
    # OVHcloud is OVH, AWS is Amazon Web Services.
    if len(short) >= 3 and long.startswith(short):
        return True
    initials = {"".join(word[0] for word in words) for words in (name, holder)}
    return len(short) >= 3 and any(i.startswith(short) for i in initials)
