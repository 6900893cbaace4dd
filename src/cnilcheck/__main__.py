"""The command `cnilcheck`: its errors in one line, its exit codes, and a quick `--version`."""

from __future__ import annotations

import sys

from cnilcheck import __version__


def main() -> None:
    """Run the command line and exit with its code.

    0 nothing fails, 1 something does, 2 wrong use, 3 nothing fails but not all was observed.
    """
    # Pipelines ask for the version often: typer alone costs more than the answer.
    if sys.argv[1:] in (["--version"], ["-V"]):
        print(f"cnilcheck {__version__}")
        return
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter must not end the audit.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    from cnilcheck.cli import app
    from cnilcheck.errors import UsageError

    try:
        app()
    except UsageError as error:
        print(f"cnilcheck: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("cnilcheck: interrupted before anything was observed", file=sys.stderr)
        sys.exit(3)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing more to say to it.
        sys.stderr.close()
        sys.exit(141)


if __name__ == "__main__":
    main()
