"""The `autograder` command: finds its subcommands, and turns errors into sentences."""

from __future__ import annotations

import argparse
import pkgutil
import sys
from contextlib import nullcontext
from importlib import import_module

from autograder import commands, pool
from autograder.commands import UNGRADED, USAGE
from autograder.errors import MachineFault, UsageError
from autograder.host import TemplateDied
from autograder.subject.garbage import importing
from autograder.terminal import say

_WITH_WORKERS = ("grade", "verify")
"""Commands that start workers, whose imports take as long as their own: both begin at once."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: Those of the command line, by default the process's own, which then is all ours.

    Returns:
        The exit status, one of those in `autograder.commands`.
    """
    with importing() if arguments is None else nullcontext():
        options = _options(sys.argv[1:] if arguments is None else arguments)
    try:
        return int(options.run(options))
    except UsageError as error:
        say(f"autograder: {error}")
        return USAGE
    except (TemplateDied, MachineFault) as error:
        say(f"autograder: {error}")
        return UNGRADED
    except KeyboardInterrupt:
        say("autograder: stopped; run the same command again to go on.")
        return 130


def _options(arguments: list[str]) -> argparse.Namespace:
    if arguments and arguments[0] in _WITH_WORKERS:
        pool.begin()
    return _parser(arguments).parse_args(arguments)


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder", description="Builds, releases, grades and proves the labs of a course."
    )
    known = [module.name for module in pkgutil.iter_modules(commands.__path__)]
    asked = [name for name in arguments[:1] if name in known]
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in asked or known:  # what the others import would only make this one slower
        import_module(f"autograder.commands.{name}").add(subparsers)
    return parser
