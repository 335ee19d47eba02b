"""What the confinement costs, and what each of its layers is worth.

    python benchmarks/confinement.py                   the overhead, and the corpus by category
    python benchmarks/confinement.py --without LAYER   the corpus with one layer switched off

The overhead is a ratio within one run: the same submission is graded by turns behind all layers and
behind none. The corpus is `tests/attacks/`; with a layer off, its attacks do what that layer keeps
them from, so run that where nothing is to be lost.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from attacks import contest, corpus  # noqa: E402

from autograder import truth, workers  # noqa: E402
from autograder.classroom import Handed  # noqa: E402
from autograder.course import Course  # noqa: E402
from autograder.errors import NotGraded  # noqa: E402
from autograder.kit import Kit  # noqa: E402
from autograder.notebook import inspect  # noqa: E402
from autograder.result import Result  # noqa: E402
from autograder.sandbox import LAYERS  # noqa: E402

LAB = "lab06_depthwise_conv"
SLACK = 20.0
"""Seconds over its limit that a submission may take: for a template that starts anew."""


def main() -> None:
    """Prints what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--without", choices=LAYERS, help="the layer that is switched off")
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    parser.add_argument("--turns", type=int, default=15, help="for the overhead")
    options = parser.parse_args()
    os.environ.setdefault("AUTOGRADER_SEED", "make-test")
    course = Course(ROOT)
    if not options.without and not options.only:
        _overhead(course, options.turns)
    layers = tuple(layer for layer in LAYERS if layer != options.without)
    _corpus(course, layers, options.only)


def _overhead(course: Course, turns: int) -> None:
    lab = course.lab(LAB)
    graders = {
        name: workers.Grader(course, lab, layers=layers)
        for name, layers in (("all layers", LAYERS), ("none", ()))
    }
    seconds: dict[str, list[float]] = {name: [] for name in graders}
    for grader in graders.values():
        grader.examine("warm", lab.solution)
    for _ in range(turns):
        for name, grader in graders.items():
            started = time.perf_counter()
            grader.examine("solution", lab.solution)
            seconds[name].append(time.perf_counter() - started)
    active = graders["all layers"].template.active
    for grader in graders.values():
        grader.close()
    with_all, without = (statistics.median(seconds[name]) for name in graders)
    ratios = [a / b for a, b in zip(*seconds.values(), strict=True)]
    print(f"Layers of this machine: {', '.join(active)}.")
    print(
        f"The solution of {LAB}, {turns} turns: {with_all:.3f} s behind all layers, "
        f"{without:.3f} s behind none; ratio of the pairs: median {statistics.median(ratios):.3f}."
    )


def _corpus(course: Course, layers: tuple[str, ...], only: str) -> None:
    total: Counter[str] = Counter()
    contained: Counter[str] = Counter()
    flagged: Counter[str] = Counter()
    for attack, escaped, seen in _outcomes(course, layers, only):
        total[attack.category] += 1
        contained[attack.category] += not escaped
        flagged[attack.category] += seen
        if escaped:
            print(f"  {attack.name}: {'; '.join(escaped)}")
    print(f"{'category':12} attacks contained flagged")
    for category in corpus.CATEGORIES:
        if total[category]:
            print(
                f"{category:12} {total[category]:7} {contained[category]:9} {flagged[category]:7}"
            )


def _outcomes(
    course: Course, layers: tuple[str, ...], only: str
) -> Iterator[tuple[corpus.Attack, list[str], bool]]:
    """Each attack, what it got away with, and whether it is flagged."""
    chosen = [attack for attack in corpus.load() if only in attack.name]
    for name in sorted({attack.lab for attack in chosen}):
        lab = course.lab(name)
        known = truth.load(course, lab)
        kit = Kit.make(known, [], contest.LIMITS, "cpu", layers)
        neighbour = json.dumps(lab.solution)
        # A process of its own: the lab that a kit holds is not the one that is loaded here.
        pool = ProcessPoolExecutor(1, multiprocessing.get_context("forkserver"))
        alone = pool.submit(contest.listen, kit, neighbour).result()
        for attack in chosen:
            if attack.lab != name:
                continue
            escaped: list[str] = []
            with tempfile.TemporaryDirectory() as folder:
                handed = Handed(attack.student, Path(folder) / attack.student / name)
                attack.submit(lab, handed.folder)
                seen = None
                try:
                    conduct = inspect(handed.folder)
                    notebook = json.dumps(handed.read(lab))
                    work = pool.submit(contest.grade, kit, attack.name, notebook, neighbour)
                    data, seen = work.result()
                    result = Result.from_data(data)
                    score, conduct = result.score, [*conduct, *result.conduct]
                except NotGraded as cause:
                    score, conduct = 0.0, cause.conduct
            if score > attack.points(lab):
                escaped.append(f"{score:g} points for {attack.points(lab):g}")
            if attack.category == "controls" and score < attack.points(lab):
                escaped.append(f"only {score:g} points")
            if seen is not None and seen.seconds > contest.LIMITS.total_seconds + SLACK:
                escaped.append(f"took {seen.seconds:.0f} s")
            if seen is not None and seen.neighbour != alone:
                escaped.append("the next submission answers otherwise")
            yield attack, escaped, bool(conduct)
        pool.shutdown()


if __name__ == "__main__":
    main()
