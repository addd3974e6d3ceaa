"""The command line: arguments, output, exit codes (0 fine, 1 failure, 2 misuse)."""

import sys
from importlib import import_module
from traceback import extract_tb
from typing import Any, NamedTuple, NoReturn

import rich_click as click

from amp_addons import __version__
from amp_addons.core.text import did_you_mean
from amp_addons.rulefiles.problems import RuleFileError


class Spec(NamedTuple):
    """Where a command lives, and its line in the list of commands: a command is imported only when it is called."""

    home: str
    summary: str


COMMANDS = {
    "run": Spec("amp_addons.cli.run:run", "Start the proxy with the whole suite on loopback."),
    "exec": Spec("amp_addons.cli.exec:exec_", "Run a client with a proxy of its own beside it."),
    "env": Spec("amp_addons.cli.env:env", "Print what a shell must set to use the proxy of `run`."),
    "doctor": Spec("amp_addons.cli.doctor:doctor", "Find out why nothing comes through, and what to do."),
    "ca": Spec("amp_addons.cli.ca:ca", "Show, renew or remove the certificate authority."),
    "demo": Spec("amp_addons.cli.demo:demo", "See the suite at work on a simulated turn, offline."),
    "catalog": Spec("amp_addons.cli.catalog:catalog", "Print the endpoint catalogs."),
    "classify": Spec("amp_addons.cli.classify:classify", "Say which endpoint a request is, and why."),
    "check": Spec("amp_addons.cli.check:check", "Check rule files, and run the tests in them."),
    "sign": Spec("amp_addons.cli.sign:sign_", "Sign rules or a catalog for proxies that have them by URL."),
    "explain": Spec("amp_addons.cli.explain:explain", "Say what the rules do with a request, rule by rule, and why."),
    "replay": Spec("amp_addons.cli.replay:replay", "Look at recorded traffic: events, totals, what rules would do."),
    "diff": Spec("amp_addons.cli.diff:diff", "Show what differs between two recorded requests."),
    "scrub": Spec("amp_addons.cli.scrub:scrub", "Copy a recording without its secrets, and say what was found."),
    "stats": Spec("amp_addons.cli.stats:stats", "Sum up the flows that have passed: errors, tokens, cost, times."),
    "report": Spec("amp_addons.cli.report:report", "Make one HTML file of recorded traffic, to look at and to share."),
    "admin": Spec("amp_addons.cli.admin:admin", "Write PAC files, allowlists and URL patterns for a network."),
    "decode": Spec("amp_addons.cli.decode:decode", "Print a recorded answer event by event, or what it amounts to."),
}


class LazyGroup(click.RichGroup):
    """A group that imports a command when it is called, and none for the list of commands."""

    _listing = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if (spec := COMMANDS.get(cmd_name)) is None:
            ctx.fail(f"there is no command '{cmd_name}'.{did_you_mean(cmd_name, COMMANDS)}")
        if self._listing:
            return click.RichCommand(name=cmd_name, help=spec.summary)
        module, _, name = spec.home.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Show, route and protect the traffic of the Amp CLI."""


def main(args: list[str] | None = None) -> NoReturn:
    """Run a command and exit: the one place where errors become messages and exit codes."""
    sys.exit(_run(args))


def _run(args: list[str] | None) -> int:
    try:
        # A reader that has gone (`| head`) ends it here, silently: rich-click sees to that.
        status = cli.main(args, prog_name="amp-addons", standalone_mode=False)
    except click.ClickException as error:
        return _complain(error)
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted", 1)
    except (RuleFileError, OSError) as error:
        return _say(str(error), 1)
    except Exception as error:
        last = extract_tb(error.__traceback__)[-1]
        return _say(f"this is a mistake of amp-addons itself: {type(error).__name__} in {last.name}, {last.filename}:{last.lineno}", 1)
    return status if isinstance(status, int) else 0


def _complain(error: click.ClickException) -> int:
    _say(error.format_message(), error.exit_code)
    if isinstance(error, click.UsageError) and error.ctx:
        click.echo(f"Try '{error.ctx.command_path} --help'.", err=True)
    return error.exit_code


def _say(message: str, status: int) -> int:
    click.echo(f"Error: {message}", err=True)
    return status
