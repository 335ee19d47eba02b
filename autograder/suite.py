"""A lab's hidden tests as pytest runs them: collected once, for one submission after the other."""

from __future__ import annotations

import io
import os
import queue
import threading
from contextlib import redirect_stderr, redirect_stdout

import pytest

from autograder.examine import Examiner, Outcome, Plugin
from autograder.host import MachineBusy, TemplateDied
from autograder.truth import Truth

_WITHOUT = (
    "assertion",
    "cacheprovider",
    "debugging",
    "doctest",
    "faulthandler",
    "junitxml",
    "legacypath",
    "logging",
    "pastebin",
    "reports",
    "setuponly",
    "setupplan",
    "stepwise",
    "subtests",
    "terminal",
    "threadexception",
    "unittest",
    "unraisableexception",
    "warnings",
)
"""Parts of pytest that have nothing to do here: each takes its time at each test."""


class Suite:
    """The hidden tests of a lab.

    pytest collects them in a thread of its own, which then waits in the loop over the tests
    (`pytest_runtestloop`) for one submission after the other.

    Args:
        truth: What is true of the lab's cases.
    """

    def __init__(self, truth: Truth):
        self.truth = truth
        self._serving: _Serving | None = None

    def run(self, examiner: Examiner) -> list[Outcome]:
        """Runs the tests on a submission.

        Args:
            examiner: The submission at hand.

        Returns:
            One outcome a test.

        Raises:
            MachineBusy: The submission was hardly let run.
            TemplateDied: The sandbox does not start.
            RuntimeError: The tests themselves are broken.
        """
        if self._serving is None:
            self._serving = _Serving(examiner)
            # A template that a test has to start anew ends with the thread that started it.
            threading.Thread(target=self._serving.serve, daemon=True).start()
        self._serving.asked.put(examiner)
        answer = self._serving.answered.get()
        if isinstance(answer, Exception):
            if not isinstance(answer, MachineBusy | TemplateDied):
                self._serving = None  # pytest has ended
            raise answer
        return answer

    def close(self) -> None:
        """Lets pytest end."""
        if self._serving is not None:
            self._serving.asked.put(None)
            self._serving = None


class _Serving(Plugin):
    """The plugin of a run that serves several submissions."""

    def __init__(self, examiner: Examiner):
        super().__init__(examiner)
        self.asked: queue.SimpleQueue[Examiner | None] = queue.SimpleQueue()
        self.answered: queue.SimpleQueue[list[Outcome] | Exception] = queue.SimpleQueue()

    def serve(self) -> None:
        """Runs pytest, which ends when there is nothing more to serve, or before, with a fault."""
        lab = self.examiner.truth.lab
        hidden = str(lab.hidden)
        options = [word for name in _WITHOUT for word in ("-p", f"no:{name}")]
        options += ["--capture=no", "--disable-plugin-autoload", "--noconftest"]
        options += ["--rootdir", hidden, "-c", os.devnull, "--import-mode", "importlib"]
        try:
            code = pytest.main([hidden, *options], [self])
            fault = RuntimeError(f"the hidden tests of {lab.name} did not run (pytest: {code!r})")
            self.answered.put(fault)
        except Exception as error:
            self.answered.put(error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs all tests for each submission that comes."""
        if session.testsfailed or not session.items:  # so it is said that none has run
            return True
        while (examiner := self.asked.get()) is not None:
            self.examiner, self.outcomes, self.stopped = examiner, [], None
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            self.answered.put(self.stopped or self.outcomes)
        return True
