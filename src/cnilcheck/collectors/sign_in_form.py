"""Forms with a password, filled in: which field takes the name, and what goes along."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cnilcheck.collectors.html_page import Form, read_html
from cnilcheck.collectors.transport import Answer
from cnilcheck.errors import Malformed, NotPermitted
from cnilcheck.model.scope import SignInForm

_NAME = re.compile(
    r"(?i)user|login|log$|mail|identif|account|compte|^uid$|^name$|^nom$|pseudo|rpps|adeli"
)
_OLD = re.compile(r"(?i)old|current|actuel|ancien|existing|present")
_TEXT = ("", "text", "email", "tel")
CAPTCHA = re.compile(
    r"(?i)g-recaptcha|h-captcha|hcaptcha|cf-turnstile|captcha|friendlycaptcha|altcha"
)

TOKEN_NAME = re.compile(
    r"(?i)csrf|xsrf|token|jeton|nonce|authenticity|requestverification|anti-?forgery|form_build_id"
    r"|form_key|__VIEWSTATE|_wpnonce|session_code|lt$|execution"
)


@dataclass(frozen=True)
class Filled:
    """A form ready to be sent: where to, its fields, and the page it stands on."""

    url: str
    fields: Mapping[str, str]
    page: str
    as_json: bool = False


def sign_in_form(answer: Answer, told: SignInForm) -> Form:
    """Return the form that takes name and password; raises Malformed when the page has none."""
    page = read_html(answer.text, answer.url)
    form = page.password_form
    if form is not None and (_name_field(form, told) or told.name):
        return form
    if form is None and any(_name_field(f, told) for f in page.forms):
        raise Malformed(
            "the name is asked first and the password on a later page: such a sign-in is not walked"
        )
    raise Malformed("no form with a name and a password in the page as it is served")


def fill_sign_in(form: Form, told: SignInForm, page: str, name: str, password: str) -> Filled:
    """Return the form with that name and password; raises NotPermitted where it would not be safe.

    What the form carries by itself (tokens, ticked boxes, its first button) goes along.
    """
    fields = carried(form)
    name_field = told.name or _name_field(form, told)
    password_field = told.password or form.passwords[0].get("name", "")
    if not name_field or not password_field:
        raise Malformed("the fields of the form have no names: a script sends it")
    return Filled(
        where(form, told, page), fields | {name_field: name, password_field: password}, page
    )


def where(form: Form, told: SignInForm, page: str) -> str:
    """Return where the form is sent; raises NotPermitted when it would stand in the address."""
    if form.attributes.get("method", "").strip().lower() != "post" and not told.address:
        raise NotPermitted("the form is sent by a script or in the address: nothing was sent")
    return form.attributes.get("resolved") or page


def carried(form: Form) -> dict[str, str]:
    """Return the fields a browser sends untouched: hidden ones, ticked boxes, the first button."""
    fields, pressed = dict[str, str](), False
    for field in form.inputs:
        name, kind = field.get("name", ""), field.get("type", "").strip().lower()
        if not name or kind in ("password", "file", "image", "reset", "button"):
            continue
        if kind == "submit":
            if pressed:
                continue
            pressed = True
        if kind in ("checkbox", "radio") and "checked" not in field:
            continue
        fields[name] = field.get("value", "on" if kind == "checkbox" else "")
    return fields


def fill_change(answer: Answer, current: str, new: str) -> Filled:
    """Return the form that changes a password; raises when it holds more than that.

    A page that holds a whole profile is left alone: what is not read would be lost.
    """
    page = read_html(answer.text, answer.url)
    form = max((f for f in page.forms if f.passwords), key=lambda f: len(f.passwords), default=None)
    if form is None or form.loose:
        raise Malformed("no form that changes a password in the page as it is served")
    visible = [i for i in form.inputs if i.get("type", "").strip().lower() in _TEXT]
    if form.others or len([i for i in visible if not i.get("readonly")]) > 1:
        raise NotPermitted("the form holds more than a password: it was not sent")
    fields = carried(form)
    for number, field in enumerate(form.passwords):
        fields[field.get("name", "")] = current if _is_old(form, number) else new
    return Filled(where(form, SignInForm(), answer.url), fields, answer.url)


def _is_old(form: Form, number: int) -> bool:
    names = [f"{f.get('name', '')} {f.get('autocomplete', '')}" for f in form.passwords]
    if any(_OLD.search(name) for name in names):
        return bool(_OLD.search(names[number]))
    return len(names) == 3 and number == 0


def _name_field(form: Form, told: SignInForm) -> str:
    if told.name:
        return told.name if any(i.get("name") == told.name for i in form.inputs) else ""
    texts = [i for i in form.inputs if i.get("type", "").strip().lower() in _TEXT and i.get("name")]
    likely = [i for i in texts if _NAME.search(i.get("name", "")) or i.get("type") == "email"]
    if likely:
        return likely[0]["name"]
    return texts[0]["name"] if texts and form.passwords else ""


def name_only_form(answer: Answer) -> Form:
    """Return the form that takes a name or an address alone, as one that resets a password does."""
    page = read_html(answer.text, answer.url)
    for form in page.forms:
        if not form.loose and not form.passwords and _name_field(form, SignInForm()):
            return form
    raise Malformed("no form that asks for an account in the page as it is served")


def fill_name(form: Form, page: str, name: str) -> Filled:
    """Return that form with a name in its field."""
    field = _name_field(form, SignInForm())
    return Filled(where(form, SignInForm(), page), carried(form) | {field: name}, page)


def fill_sign_up(answer: Answer, name: str) -> Filled:
    """Return a sign-up form that cannot succeed: two passwords that differ, of one character each.

    Raises NotPermitted for a form that does not ask for the password twice: it might open an
    account.
    """
    page = read_html(answer.text, answer.url)
    form = max((f for f in page.forms if f.passwords), key=lambda f: len(f.passwords), default=None)
    if form is None or form.loose or not _name_field(form, SignInForm()):
        raise Malformed("no sign-up form in the page as it is served")
    if len(form.passwords) < 2:
        raise NotPermitted("the form asks for the password once: it might open an account")
    fields = carried(form) | {_name_field(form, SignInForm()): name}
    for number, field in enumerate(form.passwords):
        fields[field.get("name", "")] = "ab"[number % 2]
    return Filled(where(form, SignInForm(), answer.url), fields, answer.url)


def is_token(field: Mapping[str, str]) -> bool:
    """Return whether a hidden field holds what another site could not write: no address is that."""
    value = field.get("value", "")
    if re.match(r"(?i)https?:/", value):
        return False
    named = TOKEN_NAME.search(field.get("name", "")) and len(value) >= 8
    return bool(named or re.fullmatch(r"[\w+/=.:-]{24,}", value))
