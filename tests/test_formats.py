"""The tolerance policy, for each format that a GPU may round to: wheats pass, chaffs do not.

Operands are rounded here, on the CPU, as the format's hardware does. Hidden cases are drawn from
numbers that float16 holds exactly, so that every policy sees the same ones: their twins, whose
numbers have all of float32's digits, are asked instead.
"""

from dataclasses import dataclass, replace

import ml_dtypes
import numpy as np
import pytest

from autograder import graphs
from autograder.arithmetic import POLICY, TF32
from autograder.lab import Lab
from layerlab import probe
from layerlab.compare import compare

SEED = 3
FORMATS = {"tf32": TF32, "bfloat16": POLICY["bfloat16"], "float16": POLICY["float16"]}


@dataclass
class Layer:
    """A layer that is asked here.

    Args:
        lab: Its lab.
        target: Its name.
        cases: How many cases.
        chaffs: How many chaffs give wrong numbers on them, at least.
        apart: The formats in which chaffs are told from wheats.
        fine: Chaffs whose mistake may be smaller than what a coarse format loses.
    """

    lab: str
    target: str
    cases: int
    chaffs: int
    apart: tuple = tuple(FORMATS)
    fine: tuple = ()


LAYERS = [
    Layer("lab03_dilated_conv", "DilatedConv2D", 4, 9),
    Layer("lab04_transposed_conv", "Conv2DTranspose", 4, 9),
    Layer("lab06_depthwise_conv", "DepthwiseConv2D", 4, 20),
    # First-order bounds. So long a computation may lose so much in bfloat16 that some mistakes are
    # within it, and epsilon is 1e-3; no hidden case asks for bfloat16 or TF32. (TensorFlow's own
    # depthwise gradient in bfloat16 has left taps unset, on the CPU, that no pixel reaches.)
    Layer(
        "lab07_depthwise_separable_block",
        "DepthwiseSeparableBlock",
        cases=2,
        chaffs=3,
        apart=("tf32", "float16"),
        fine=("epsilon_outside_root",),
    ),
]


def shortened(x, digits):
    """Float32 with so many binary digits behind the point, ties to even."""
    unit = 1 << (23 - digits)
    bits = np.ascontiguousarray(x).view(np.uint32).astype(np.int64)
    odd = bits // unit % 2
    bits = (bits + unit // 2 - 1 + odd) // unit * unit
    return bits.astype(np.uint32).view(np.float32).reshape(x.shape)


ROUND = {
    "tf32": lambda x: shortened(x, 10),
    "bfloat16": lambda x: x.astype(ml_dtypes.bfloat16).astype(np.float32),
    "float16": lambda x: x.astype(np.float16).astype(np.float32),
}


def rounded(case, to):
    """The case with its operands in a format."""
    return replace(
        case,
        inputs=tuple(map(ROUND[to], case.inputs)),
        weights=tuple(map(ROUND[to], case.weights)),
        cotangent=ROUND[to](case.cotangent),
    )


@dataclass
class Bench:
    """A layer's cases, their truths by the name of an arithmetic, and its bank."""

    layer: Layer
    lab: Lab
    cases: list
    truths: dict
    wheats: dict
    chaffs: dict

    def wrong(self, number, observation, by):
        """Aspects of which an observation of a case has wrong numbers."""
        return [*compare(self.truths[by][number], observation)]


def plain(layer, lab):
    """Cases of ordinary arguments and numbers, those with most to say first: with the fewest
    arguments that are 1 or a default.
    """
    defaults = lab.module("cases").DEFAULTS

    def simple(case):
        config = {**defaults, **case.config}
        return sum(value in (1, (1, 1), defaults.get(name)) for name, value in config.items())

    found = [
        case
        for case in lab.hidden_cases(SEED)
        if (case.target, case.group, len(case.inputs)) == (layer.target, "plain", 1)
        and case.key.startswith("plain")
        and True not in case.options.get("training", [])
    ]
    return sorted(found, key=lambda case: (simple(case), case.size))[: layer.cases]


def numbers(lab, case):
    """What is true of a case's output and gradients."""
    truth = lab.expect(case).items()
    return {a: item for a, item in truth if a == "output" or a.startswith("gradient")}


def truths_of(lab, cases, held):
    """What is true of the cases' numbers, if float32 loses as much as another arithmetic."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(POLICY, "float32", held)
        return [numbers(lab, case) for case in cases]


def executed(solutions, target):
    """What each solution defines, by its name; of those that define the target."""
    found = {}
    for solution in solutions:
        names = {}
        code = compile(solution.path.read_text(encoding="utf-8"), solution.path, "exec")
        exec(code, names)
        if target in names:
            found[solution.name] = names
    return found


@pytest.fixture(scope="module", params=LAYERS, ids=lambda layer: layer.lab)
def bench(request, course):
    layer, rng = request.param, np.random.default_rng(SEED)
    lab = course.lab(layer.lab)
    cases = [graphs.twin(case, rng) for case in plain(layer, lab)]
    held = {"float32": POLICY["float32"], **FORMATS}
    truths = {name: truths_of(lab, cases, item) for name, item in held.items()}
    banks = (executed(bank, layer.target) for bank in (lab.wheats, lab.chaffs))
    return Bench(layer, lab, cases, truths, *banks)


def test_the_policy_says_what_the_formats_are():
    for name, held in POLICY.items():
        info = ml_dtypes.finfo(name)
        assert (held.eps, held.tiny, held.factors) == (info.eps, info.smallest_normal, 0)
    assert (TF32.eps, TF32.tiny) == (POLICY["float32"].eps, POLICY["float32"].tiny)
    assert TF32.factors == POLICY["float16"].eps  # both have 10 digits


def test_ties_are_rounded_to_even_and_the_rest_to_the_nearest():
    unit = 2.0**-10
    x = np.array([1 + unit / 2, 1 + 3 * unit / 2, -1 - unit * 0.51, 3e38], np.float32)
    found = shortened(x, 10)
    assert found[:3].tolist() == [1, 1 + 2 * unit, -1 - unit] and abs(found[3] / x[3] - 1) < unit
    drawn = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    np.testing.assert_array_equal(shortened(drawn, 7), ROUND["bfloat16"](drawn))


@pytest.mark.parametrize("to", FORMATS)
def test_wheats_pass_with_rounded_operands_and_float32_would_refuse_them(bench, to):
    for name, names in bench.wheats.items():
        for number, case in enumerate(bench.cases):
            found = probe.run(rounded(case, to), names)
            assert not bench.wrong(number, found, to), (name, case.describe())
            # That is why TF32 is off where submissions run.
            assert bench.wrong(number, found, "float32"), (name, case.describe())


def test_wheats_pass_that_compute_in_the_format(bench):
    for policy in {"bfloat16", "float16"} & {*bench.layer.apart}:
        # A layer may keep some weights in float32: as hidden cases do, with numbers for both.
        case = rounded(bench.cases[0], policy)
        case = replace(case, options={**case.options, "policy": f"mixed_{policy}"})
        truth = numbers(bench.lab, case)
        for name, names in bench.wheats.items():
            found = probe.run(case, names)
            assert found["output dtype"] == policy
            assert not compare(truth, found), name


def test_chaffs_do_not_pass(bench):
    caught = set()
    for name in bench.chaffs.keys() - bench.layer.fine:
        names = bench.chaffs[name]
        for number, case in enumerate(bench.cases):
            wrong = bench.wrong(number, probe.run(case, names), "float32")
            if not wrong:
                continue
            caught.add(name)
            for to in bench.layer.apart:
                found = probe.run(rounded(case, to), names)
                assert bench.wrong(number, found, to), (name, to, case.describe())
    assert len(caught) >= bench.layer.chaffs, sorted({*bench.chaffs} - caught)
