"""What the command line says, in the language of the reader."""

from __future__ import annotations

import os
import sys
from itertools import pairwise

from cnilcheck.model.text import Text, french
from cnilcheck.model.words import Lang


def language(arguments: list[str] | None = None) -> Lang:
    """Return the language of help and messages.

    `--lang` decides, then CNILCHECK_LANG, then the locale; French is spoken to French locales.
    """
    words = sys.argv[1:] if arguments is None else arguments
    asked = [w.removeprefix("--lang=") for w in words if w.startswith("--lang=")]
    asked += [after for word, after in pairwise(words) if word == "--lang"]
    asked += [
        os.environ.get(name, "") for name in ("CNILCHECK_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    ]
    for value in asked:
        if value[:2].lower() in ("fr", "en"):
            return Lang(value[:2].lower())
    return Lang.EN if any(asked) else Lang.FR


LANG = language()


def say(fr: str, en: str) -> str:
    """Return the words in the reader's language."""
    return Text(french(fr), en).to(LANG)
