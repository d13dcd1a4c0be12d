"""Parses the command line and turns errors into exit codes.

0 done; 1 a file could not be written; 2 bad usage or bad input; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kubesched.cli.explain import explain
from kubesched.cli.replay import replay
from kubesched.engine import KUBERNETES_VERSION
from kubesched.errors import KubeschedError

_VERSION_TEXT = f"kubesched %(version)s (kubernetes {KUBERNETES_VERSION})"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kubesched", message=_VERSION_TEXT)
def cli() -> None:
    """Answer what kube-scheduler 1.34 would decide, without a cluster."""


cli.add_command(replay)
cli.add_command(explain)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        cli.main(args=args, prog_name="kubesched", standalone_mode=False)
    except click.exceptions.Abort:
        _fail("interrupted; nothing was written", 130)
    except KeyboardInterrupt:
        _fail("interrupted; nothing was written", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KubeschedError as error:
        _fail(str(error), 2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename or 'output'}: {error.strerror or error}", 1)


def _fail(message: str, code: int) -> None:
    print(f"kubesched: {message}", file=sys.stderr)
    sys.exit(code)
