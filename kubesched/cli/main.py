"""Parses the command line and turns errors into exit codes.

0 done; 1 a file could not be written or downloaded, or a bug of kubesched; 2 bad usage or bad input; 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kubesched.cli.compare import compare
from kubesched.cli.explain import explain
from kubesched.cli.replay import replay
from kubesched.cli.report import report
from kubesched.cli.trace import trace
from kubesched.cli.up import up
from kubesched.errors import DownloadError, InternalError, KubeschedError
from kubesched.version import KUBERNETES_VERSION

_VERSION_TEXT = f"kubesched %(version)s (kubernetes {KUBERNETES_VERSION})"

_NO_COMMAND = getattr(click.exceptions, "NoArgsIsHelpError", ())  # its message is the help; before click 8.2 no error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kubesched", message=_VERSION_TEXT)
def cli() -> None:
    """Answer what kube-scheduler 1.34 would decide, without a cluster."""


cli.add_command(replay)
cli.add_command(compare)
cli.add_command(explain)
cli.add_command(report)
cli.add_command(trace)
cli.add_command(up)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        cli.main(args=args, prog_name="kubesched", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _fail("interrupted", 130)
    except click.UsageError as error:
        if isinstance(error, _NO_COMMAND):
            error.show()
            sys.exit(error.exit_code)
        path = error.ctx.command_path if error.ctx else "kubesched"
        _fail(f"{error.format_message().rstrip('.')} (see {path} --help)", error.exit_code)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except InternalError as error:
        _fail(f"internal error: {error}", 1)
    except DownloadError as error:
        _fail(str(error), 1)
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
