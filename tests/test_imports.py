"""What code is made of: nothing that it imports is missing, and nothing else changes its digest."""

import subprocess
import sys
from pathlib import Path

import autograder
from autograder import imports
from autograder.imports import digest, made_of

HERE = Path(autograder.__file__).parent


def test_it_is_what_python_itself_imports():
    """At least: Python has not come to what is imported within functions."""
    script = "import sys, autograder.grading, autograder.bank; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    names = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    loaded = {
        name for name in names.stdout.split() if name.split(".")[0] in ("autograder", "layerlab")
    }
    assert "autograder.session" in loaded and "layerlab.compare" in loaded
    found = made_of(HERE / "grading.py", HERE / "bank.py")
    known = {".".join((*path.relative_to(HERE.parent).with_suffix("").parts,)) for path in found}
    assert loaded <= {name.removesuffix(".__init__") for name in known}


def test_every_way_to_write_an_import_counts(tmp_path):
    for name, source in {
        "one": "import autograder.answer, autograder.clock",
        "two": "from autograder import answer, clock as watch",
        "three": "def late():\n    from autograder import (\n        answer,\n        clock)",
        "four": "from autograder.answer import Answer\nfrom autograder.clock import *",
    }.items():
        root = tmp_path / f"{name}.py"
        root.write_text(source)
        assert {HERE / "answer.py", HERE / "clock.py"} < made_of(root), source


def test_what_belongs_to_others_does_not_count(tmp_path):
    root = tmp_path / "root.py"
    root.write_text("import json, keras\nfrom numpy import linalg\n")
    assert made_of(root) == {root}


def test_the_digest_changes_with_what_is_imported_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "_OURS", {"house": tmp_path})
    files = {
        "root.py": "from house import room",
        "room.py": "import house.cellar.store",
        "cellar/__init__.py": "",
        "cellar/store.py": "WINE = 1",
        "attic.py": "DUST = 1",
    }
    for name, source in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(source)

    def now():
        digest.cache_clear()
        imports._imported.cache_clear()
        return digest(tmp_path / "root.py")

    before = now()
    (tmp_path / "attic.py").write_text("DUST = 2")
    assert now() == before
    changed = {before}
    for name in ("root.py", "room.py", "cellar/__init__.py", "cellar/store.py"):
        with (tmp_path / name).open("a") as file:
            file.write("\n# more")
        changed.add(now())
    assert len(changed) == 5
