"""Hands for a person at a screen: a JupyterLab of their own, and what they do in its pages."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import matplotlib
from playwright.sync_api import Error, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
SECONDS = 60
"""A kernel that imports TensorFlow on a busy machine is not to be hurried."""

SETTINGS = {
    # All cells are in the page, and not only those in sight: a test may look at any of them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false"},
}
"""Of JupyterLab, by extension."""


@contextlib.contextmanager
def chromium():
    """The browser; root may not use Chromium's own sandbox."""
    expect.set_options(timeout=1000 * SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


@contextlib.contextmanager
def sheet(browser, shots, size=(1280, 900)):
    """A page of its own, which asks nobody but this machine; a failure leaves a screenshot.

    Args:
        browser: The browser.
        shots: Folder for the screenshot of a failure.
        size: Width and height of the window.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    context.set_default_timeout(1000 * SECONDS)
    outside = []

    def refuse(route):
        outside.append(route.request.url)
        route.abort()

    context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), refuse)
    page = context.new_page()
    page.asked_outside = outside
    try:
        yield page
    except BaseException as error:
        shot = Path(shots) / f"failed-{time.time_ns()}.png"
        with contextlib.suppress(Error):
            page.screenshot(path=shot)
            error.add_note(f"A screenshot of the page is in {shot}")
        raise
    finally:
        context.close()


class Person:
    """Someone with a folder, and a JupyterLab in it that shares nbgrader's exchange with others.

    Args:
        folder: Where the work lies.
        state: Where Jupyter keeps settings and run-time files of this person.
        exchange: The exchange.
        course_id: What nbgrader calls the course.
    """

    def __init__(self, folder, state, exchange, course_id):
        self.folder, self.state = folder, state
        for path in (folder, exchange, state / "config", state / "runtime"):
            path.mkdir(parents=True, exist_ok=True)
        exchange.chmod(0o777)
        (state / "config" / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.Exchange.root = {str(exchange)!r}\n"
            f"c.CourseDirectory.course_id = {course_id!r}\n"
        )
        for name, settings in SETTINGS.items():
            path = state / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings))
        self.env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(state),
            "MPLCONFIGDIR": matplotlib.get_configdir(),
            "JUPYTER_CONFIG_DIR": str(state / "config"),
            "JUPYTER_DATA_DIR": str(state / "data"),
            "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
            "IPYTHONDIR": str(state / "ipython"),
        }

    def run(self, *command):
        """A command in this person's folder, with the settings of their Jupyter."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    @contextlib.contextmanager
    def jupyter(self):
        """Their JupyterLab, with nbgrader's extensions; gives its address."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        log = self.state / "jupyter.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
                    *("--ServerApp.port_retries=0", "--IdentityProvider.token="),
                    *("--LabApp.news_url=", "--LabApp.extension_manager=readonly"),
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                ],
                cwd=self.folder,
                env=self.env,
                stdout=output,
                stderr=output,
            )
        address = f"http://127.0.0.1:{port}"
        try:
            _await(server, f"{address}/api", log)
            yield address
        finally:
            server.terminate()
            server.wait(SECONDS)


def _await(server, address, log):
    """Waits until the server answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            urllib.request.urlopen(address).close()
            return
        except urllib.error.URLError:
            if server.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"Jupyter does not come up:\n{log.read_text()}") from None
            time.sleep(0.1)


# in JupyterLab


def choose(page, menu, item):
    """Chooses from JupyterLab's menu bar."""
    page.locator(".lm-MenuBar-itemLabel").get_by_text(menu, exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text(item, exact=True).click()


def cell(page, notebook, name):
    """The cell of a `grade_id` in the open notebook."""
    names = [c.metadata.get("nbgrader", {}).get("grade_id") for c in notebook.cells]
    return page.locator(".jp-Notebook .jp-Cell").nth(names.index(name))


def write(page, where, text):
    """Puts a text in a cell's place, as one does with a text from elsewhere: select all, paste."""
    if where.locator(".jp-MarkdownOutput").is_visible():
        where.locator(".jp-MarkdownOutput").dblclick()
    where.locator(".cm-content").click()
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("Control+A")
    page.keyboard.press("Control+V")


def run_cell(page, where):
    """Runs a cell by the keyboard, and waits until it has run."""
    where.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(where.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))


def settle(page):
    """Waits until the kernel is there and has nothing left to do."""
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")


def output(where):
    """What a cell has shown."""
    return where.locator(".jp-OutputArea").inner_text()


def accept(page, heading):
    """Closes a dialog of JupyterLab; gives what it said."""
    dialog = page.locator(".jp-Dialog").filter(has_text=heading)
    said = dialog.locator(".jp-Dialog-body").inner_text()
    dialog.get_by_role("button", name="Ok").click()
    return said


# in formgrader


def press(page, row, column):
    """Presses the icon in a column of a row, and closes the box that tells how it went."""
    row.locator(f".{column} a").click()
    box = page.locator(".modal.in")
    title = box.locator(".modal-title")
    expect(title).to_be_visible(timeout=5000 * SECONDS)  # a course's first run observes the chaffs
    assert title.inner_text() == "Success", box.inner_text()
    box.locator(".modal-footer button").click()
    expect(page.locator(".modal-backdrop")).to_have_count(0)


def give(page, name, points, comment):
    """Grades an answer by hand: formgrader keeps points and comment as soon as one leaves them."""
    box = page.locator(f"#{name}")
    waits = re.compile("needs_manual_grade")
    expect(box).to_have_class(waits)  # formgrader has fetched the grade, and listens
    box.fill(points)
    page.locator(f"#{name}-comment").fill(comment)
    with page.expect_response(re.compile("/api/comment/")):
        page.locator(f"#{name}-comment").blur()
    expect(box).not_to_have_class(waits)
