"""The browser, where there is one."""

import pytest


@pytest.fixture(scope="package")
def browser():
    """Chromium, for all browser tests; they skip where it is missing."""
    pytest.importorskip("playwright", reason="Playwright is not installed: make setup")
    from browser.desk import CHROMIUM, chromium

    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, e.g. apt-get install chromium")
    with chromium() as browser:
        yield browser
