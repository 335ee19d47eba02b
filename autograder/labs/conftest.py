"""Lets a person run the hidden tests of a lab: `pytest autograder/labs/LAB --submission FILE`."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder import notebook, truth
from autograder.course import Course
from autograder.errors import NotGraded, UsageError
from autograder.examine import Examiner, Plugin
from autograder.host import Template
from autograder.lab import Lab
from autograder.session import Session
from autograder.subject.limits import Limits


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--submission", metavar="FILE.ipynb", type=Path, help="what is examined")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--submission")
    if path is None:
        raise pytest.UsageError("say which notebook is examined: --submission FILE.ipynb")
    try:
        lab = _lab(config)
        document = notebook.restore(notebook.read(path), lab).notebook
        known = truth.load(Course.find(), lab)
        template = Template(Limits())
        template.start()
    except (UsageError, NotGraded) as error:
        raise pytest.UsageError(str(error)) from None
    session = Session(template, notebook.code_cells(document, lab))
    config.add_cleanup(template.close)
    config.pluginmanager.register(Plugin(Examiner(session, known)), "examination")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Looks behind what has passed, as grading does; an exercise that is refused is a failure."""
    plugin = session.config.pluginmanager.get_plugin("examination")
    if isinstance(plugin, Plugin) and plugin.outcomes:
        plugin.examiner.look_closer(plugin.outcomes)
        if plugin.examiner.refusals:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    plugin = config.pluginmanager.get_plugin("examination")
    for reason in plugin.examiner.refusals if isinstance(plugin, Plugin) else ():
        terminalreporter.write_line(reason)


def _lab(config: pytest.Config) -> Lab:
    paths = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    names = {
        folder.name
        for path in paths
        for folder in (path, *path.parents)
        if folder.parent.parts[-2:] == ("autograder", "labs")
    }
    if len(names) != 1:
        raise UsageError("Name the folder of one lab, such as autograder/labs/LAB.")
    return Course.find().lab(names.pop())
