"""Cookies as a server sets them: their names and attributes; never their values."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Literal

from cnilcheck.model.facts import Cookie
from cnilcheck.model.personal_data import mask, printable

_SameSite = Literal["Strict", "Lax", "None"]
_SAME_SITE: dict[str, _SameSite] = {"strict": "Strict", "lax": "Lax", "none": "None"}

# Anti-forgery tokens that scripts must read, preferences, audience measurement, load balancers and
# protective proxies: none of them opens a session.
_NO_SESSION = re.compile(
    r"(?i)xsrf|csrf|antiforgery|requestverification|lang|locale|theme|consent|cookie-?(?:bar|notice)"
    r"|didomi|axeptio|tarteaucitron|(?:^|_)pref|timezone|^_?_g[acl]|^_gid|^_fb|matomo|^_pk_|^_hj|piwik|^atuserid"
    r"|^awsalb|bigip|^serverid|^srv|route(?:id)?$|sticky|arraffinity|^__cf|^cf_|incap|visid|^ak_bm"
    r"|^bm_s[vz]$|^ts[0-9a-f]{6}|^dt(?:cookie|sa|pc)|^rx(?:vt|visitor)|nlbi|wordpress_test_cookie"
)
_SESSION = re.compile(
    r"(?i)sess|(?:^|[^a-z])sid(?:[^a-z]|$)|phpsessid|jsessionid|auth|(?:access|refresh|id|api)_?token"
    r"|^token$|jwt|connect\.sid|aspnet|\.aspx|cfid|cftoken|remember|logged_?in|keycloak|login|ticket"
)


def cookies_of(headers: Iterable[str], now: dt.datetime, host: str = "") -> tuple[Cookie, ...]:
    """Return the cookies of Set-Cookie headers, one each; of a name set twice the last counts.

    With the host that sets them, whether their Domain is wider is told.
    """
    found = {}
    for header in headers:
        cookie = cookie_of(header[:8192], now, host)
        if cookie is not None:
            found[cookie.name] = cookie
    return tuple(found.values())[:50]


def cookie_of(header: str, now: dt.datetime, host: str = "") -> Cookie | None:
    """Return the cookie one Set-Cookie header sets, or None when it sets or keeps none.

    RFC 6265 §5.2: names of attributes in any case, the last of two wins. A browser takes an
    absent or unknown SameSite for none given.
    """
    pair, *rest = header.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    if not equals or not name:
        return None
    parts = (part.partition("=") for part in rest)
    attributes = {key.strip().lower(): text.strip() for key, _, text in parts}
    lifetime = _lifetime(attributes, now)
    if lifetime is not None and lifetime <= 0:
        return None  # a deletion
    domain = attributes.get("domain", "").lower().removeprefix(".")
    return Cookie(
        name=printable(mask(name), 80),
        session=is_session(name, value),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=_SAME_SITE.get(attributes.get("samesite", "").lower()),
        lifetime=lifetime,
        domain=printable(mask(domain), 100),
        path=printable(mask(attributes.get("path", "")), 100),
        wider=bool(domain) and host.endswith(f".{domain}"),
    )


def is_session(name: str, value: str) -> bool:
    """Return whether a cookie looks like what opens a session: by its name, or a random value."""
    if _NO_SESSION.search(name):
        return False
    return bool(_SESSION.search(name)) or _entropy(value) >= 64


def _entropy(value: str) -> float:
    """Return a lower estimate of the bits a value holds; words and repetitions hold few."""
    value = value.strip('"')[:512]
    if len(value) < 16 or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return 0.0
    counts = Counter(value).values()
    return -sum(c * math.log2(c / len(value)) for c in counts)


def _lifetime(attributes: dict[str, str], now: dt.datetime) -> int | None:
    age = attributes.get("max-age", "")
    if re.fullmatch(r"-?\d{1,12}", age):
        return int(age)  # Max-Age wins over Expires
    try:
        expires = parsedate_to_datetime(attributes["expires"].replace("-", " "))
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None
    expires = expires if expires.tzinfo else expires.replace(tzinfo=dt.UTC)
    return int((expires - now).total_seconds())
