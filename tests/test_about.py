"""`layerlab.about()`: what differs from the instructor's environment and could change a result."""

import html
import json
import subprocess
import sys
from pathlib import Path

import pytest

from layerlab.environment import FILENAME, SETTINGS, About, about, compare, made_with

LAB = {
    "layerlab": "0.1.0",
    "python": ">=3.11",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "numpy": "2.4.6",
    **SETTINGS,
}
HERE = {**LAB, "python": "3.11.7", "device": "CPU (x86_64)"}


def advice(**changed):
    changed = {name.replace("_", " "): value for name, value in changed.items()}
    return About(compare({**HERE, **changed}, LAB)).advice


def test_the_same_environment_changes_nothing():
    card = About(compare(HERE, LAB))
    assert card.advice == []
    assert repr(card).startswith("✓ Nothing here should change a result.")
    assert 'class="layerlab-about passed"' in card._repr_html_()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"layerlab": "0.2.0"}, "pip install ./layerlab-0.1.0-py3-none-any.whl"),
        ({"tensorflow": "2.20.1"}, "pip install tensorflow==2.21.0"),
        ({"keras": "3.12.0"}, "pip install keras==3.15.1"),
        ({"numpy": "1.26.4"}, "pip install numpy==2.4.6"),
        ({"python": "3.10.14"}, "the lab needs 3.11: install a later one"),
        ({"backend": "jax"}, "KERAS_BACKEND=tensorflow"),
        ({"dtype_policy": "mixed_float16"}, 'keras.config.set_dtype_policy("float32")'),
        ({"image_data_format": "channels_first"}, "set_image_data_format"),
        ({"TF32": "on"}, "enable_tensor_float_32_execution(False)"),
    ],
)
def test_a_mismatch_is_said_with_what_to_do(changed, said):
    (sentence,) = advice(**changed)
    assert said in sentence
    assert sentence.endswith(".")
    name, value = next(iter(changed.items()))
    if name != "TF32":
        assert value in sentence


@pytest.mark.parametrize(
    "changed",
    [
        {"tensorflow": "2.21.3"},
        {"keras": "3.15.0"},
        {"numpy": "2.5.5"},
        {"python": "3.13.1"},
        {"TF32": "off"},
        {"device": "NVIDIA H200"},
        {"tensorflow": "2.21.0rc1"},
    ],
)
def test_what_changes_no_result_is_no_mismatch(changed):
    assert advice(**changed) == []


def test_the_settings_are_judged_even_without_a_file():
    rows = compare({**HERE, "dtype policy": "float64", "tensorflow": "1.0"}, {})
    assert [row.name for row in rows if row.advice] == ["dtype policy"]


def test_text_and_card_say_the_same():
    card = About(compare({**HERE, "keras": "3.9.2", "backend": "<jax>"}, LAB))
    text, page = repr(card), card._repr_html_()
    assert text.startswith("✗ 2 things here could change a result.")
    for sentence in card.advice:
        assert sentence in text and html.escape(sentence) in page
    for row in card.rows:
        assert row.name in text and f'<th scope="row">{row.name}</th>' in page
    assert "<jax>" not in page  # a name is no markup
    assert "3.9.2*" in page  # marked by more than a colour
    assert "http" not in page


def test_the_file_beside_the_notebook(tmp_path):
    assert "is not in" in made_with(tmp_path)[1]
    for damaged in ("{", "[1]", "\xff"):
        (tmp_path / FILENAME).write_text(damaged, encoding="latin-1")
        assert made_with(tmp_path) == (
            {},
            f"{FILENAME} is damaged: copy it anew from the released lab.",
        )
    (tmp_path / FILENAME).write_text(json.dumps(LAB))
    assert made_with(tmp_path) == (LAB, "")


def test_about_prints_where_there_is_no_notebook(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / FILENAME).write_text(json.dumps({**LAB, "layerlab": "9.9.9"}))
    about()
    told = capsys.readouterr().out
    assert "Your layerlab is 0.1.0, the lab was made with 9.9.9" in told
    for name in ("tensorflow", "keras", "numpy", "device", "dtype policy", "image data format"):
        assert f"\n  {name}" in told


def test_it_works_with_tensorflow_and_keras_alone(tmp_path):
    """Neither IPython nor matplotlib is needed for it, and `import layerlab` imports nothing."""
    code = (
        "import sys\n"
        "sys.modules['IPython'] = sys.modules['matplotlib'] = None\n"
        "import layerlab\n"
        "assert 'tensorflow' not in sys.modules and 'numpy' not in sys.modules\n"
        "layerlab.about()\n"
        "layerlab.about()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count(f"{FILENAME} is not in {tmp_path}: keep it beside") == 2
