"""Take the text out of a PDF in a process of its own, bounded in time, memory and length."""

from __future__ import annotations

import io
import os
import subprocess
import sys

from cnilcheck.errors import UsageError

_SECONDS = 30.0
_MAX_BYTES = 20_000_000
_MAX_PAGES = 40
_MAX_TEXT = 200_000
_MAX_MEMORY = 1_500_000_000
_COMMAND = ("-P", "-c", "from cnilcheck.hosts.pdf_text import main; main()")


class DocumentError(UsageError):
    """A document cannot be read; the message says why."""


def text_of_pdf(content: bytes, name: str) -> str:
    """Return the text of the first pages; raises DocumentError for what is no PDF with text.

    A scanned page holds a picture and no text: that is said, and nothing is guessed.
    """
    if len(content) > _MAX_BYTES:
        raise DocumentError(f"{name}: larger than {_MAX_BYTES // 1_000_000} MB")
    if b"%PDF-" not in content[:1024]:
        raise DocumentError(f"{name}: not a PDF")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    try:
        done = subprocess.run(
            [sys.executable, *_COMMAND], input=content, capture_output=True, env=environment,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise DocumentError(f"{name}: not read in {_SECONDS:.0f} s") from None
    except OSError as problem:
        raise DocumentError(f"{name}: {problem.strerror}") from None
    if done.returncode != 0:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["damaged"]
        raise DocumentError(f"{name}: {reason[0][:200]}")
    text = done.stdout.decode("utf-8", "replace")
    if len(text.split()) < 10:
        raise DocumentError(f"{name}: holds no text (a scan?)", "type its entries in by hand")
    return text


def main() -> None:
    """Read a PDF on standard input and write its text; the process ends with 1 for a bad one."""
    _limit_memory()
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted and not reader.decrypt(""):
            sys.exit("asks for a password")
        left = _MAX_TEXT
        for page in reader.pages[:_MAX_PAGES]:
            text = page.extract_text()[:left]
            sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n\f\n")
            left -= len(text)
            if left <= 0:
                break
    # What pypdf raises for a damaged file, beside its own errors.
    except (
        PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
        MemoryError, ArithmeticError, NotImplementedError, AssertionError, ImportError, OSError,
    ) as problem:  # fmt: skip
        sys.exit(f"a damaged or unsupported PDF ({type(problem).__name__})")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        # Windows has no such limit; the time still holds.
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
