"""The pictures in README.md and `docs/` are those that `make screenshots` takes."""

import re
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def test_pictures_are_those_of_the_script():
    pytest.importorskip("playwright", reason="Playwright is not installed: make setup")
    from browser.screenshots import PICTURES

    shown = set()
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for name in re.findall(r"!\[[^]]+\]\(([^)]+\.png)\)", page.read_text(encoding="utf-8")):
            shown.add((page.parent / name).resolve())
    assert shown == {ROOT / "docs" / name for name in PICTURES}
    assert set((ROOT / "docs").glob("*.png")) == shown


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.png")), ids=lambda path: path.name)
def test_a_picture_is_small_and_large_enough(path):
    assert path.stat().st_size < 150_000
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.width >= 800 and picture.height >= 400
