"""The cases of lab10: what students see, and what hidden tests draw.

Models travel as plain data: a stack as a `keras.Sequential` of described layers, branches as the
JSON that Keras writes of a functional model, here reduced to what it reads back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.banned import CONVOLUTIONS
from autograder.draw import normal, pairs, whole
from autograder.shapes import output_length, pair
from layerlab.case import Case

LAYER = "ExtractPatches2D"
FIELD = "receptive_field"
EFFECTIVE = "effective_receptive_field"
DEPTH = "minimum_depth"
BANNED = {LAYER: CONVOLUTIONS}

DEFAULTS: dict[str, Any] = {"strides": 1, "rates": 1, "padding": "valid"}
_ARGUMENTS: dict[str, list[Any]] = {
    "size": [1, 2, 3, (3, 2), (1, 4), (2, 5)],
    "strides": [1, 2, 3, (2, 1), (1, 3)],
    "rates": [1, 2, (2, 1), (1, 3)],
    "padding": ["valid", "same"],
    "picture": [(1, 1), (1, 6), (5, 4), (6, 9)],
    "batch": [1, 2],
    "channels": [1, 2, 3],
}
_INVALID: list[dict[str, Any]] = [
    {"size": 0},
    {"size": (3, -1)},
    {"size": (3, 3, 3)},
    {"size": 3, "strides": 0},
    {"size": 3, "rates": (1, 0)},
    {"size": 3, "padding": "full"},
]
PUBLISHED: dict[str, tuple[int, int]] = {
    "VGG16": (224, 212),
    "MobileNet": (224, 315),
    "InceptionV3": (299, 1311),
}
"""Side of the picture, and the size of the receptive field (Araujo, Norris and Sim 2019)."""

Values = Callable[..., np.ndarray]
Layer = tuple[str, dict[str, Any]]


def _conv(kernel_size: Any, **arguments: Any) -> Layer:
    return "Conv2D", {"filters": 1, "kernel_size": kernel_size, **arguments}


def _depthwise(kernel_size: Any, **arguments: Any) -> Layer:
    return "DepthwiseConv2D", {"kernel_size": kernel_size, **arguments}


def _separable(kernel_size: Any, **arguments: Any) -> Layer:
    return "SeparableConv2D", {"filters": 1, "kernel_size": kernel_size, **arguments}


def _max(pool_size: Any, **arguments: Any) -> Layer:
    return "MaxPooling2D", {"pool_size": pool_size, **arguments}


def _mean(pool_size: Any, **arguments: Any) -> Layer:
    return "AveragePooling2D", {"pool_size": pool_size, **arguments}


def _zeros(padding: Any) -> Layer:
    return "ZeroPadding2D", {"padding": padding}


_SAME = {"padding": "same"}
_RELU: Layer = ("ReLU", {})
_NORM: Layer = ("BatchNormalization", {})
_DROP: Layer = ("Dropout", {"rate": 0.5})
_TANH: Layer = ("Activation", {"activation": "tanh"})

_STACKS: list[tuple[Any, list[Layer]]] = [
    (9, [_conv(1), _RELU]),
    (20, [_conv(3), _conv(3, strides=2), _conv(3)]),
    (21, [_conv(3, strides=2, **_SAME), _conv(3, **_SAME)]),
    (20, [_conv(3, strides=2, **_SAME), _conv(3, **_SAME)]),
    (33, [_conv(3), _max(2), _NORM, _conv(3), _max(2), _conv(3)]),
    (30, [_conv(3), _conv(3, dilation_rate=2), _conv(3, dilation_rate=4)]),
    (17, [_conv(4, **_SAME), _depthwise(2, **_SAME), _DROP, _separable(3, **_SAME)]),
    (23, [_mean(3, strides=2, **_SAME), _conv(5, strides=3, **_SAME), _TANH, _conv(2)]),
    ((25, 18), [_conv((3, 5)), _max((2, 3)), _conv((1, 4), **_SAME)]),
    (22, [_zeros(3), _conv(7, strides=2), _max(3, strides=2, **_SAME), _conv(3)]),
    (19, [_zeros(((0, 1), (2, 1))), _conv(3, strides=2), _conv(3, **_SAME)]),
    (31, [_conv(1, strides=3), _conv(2, strides=2, **_SAME), _depthwise(3, dilation_rate=2)]),
    (28, [_conv(3, strides=2), _conv(3, strides=2), _max(3, strides=1, **_SAME), _conv(2)]),
    (16, [_conv(2, strides=4, **_SAME), _mean(2, strides=1, **_SAME)]),
]
_KINDS: list[Callable[..., Layer]] = [_conv, _depthwise, _separable, _max, _mean]

# A graph: the picture's size, and each layer with the places of its sources (0 is the picture).
Graph = tuple[str, Any, list[tuple[Layer, list[int]]]]
_ADD: Layer = ("Add", {})
_JOIN: Layer = ("Concatenate", {})
_GRAPHS: list[Graph] = [
    ("conv_3_beside_the_picture_added", 9, [(_conv(3, **_SAME), [0]), (_ADD, [1, 0])]),
    (
        "conv_3_beside_conv_5_joined_then_conv_3",
        16,
        [(_conv(3, **_SAME), [0]), (_conv(5, **_SAME), [0]), (_JOIN, [2, 1]), (_conv(3), [3])],
    ),
    (
        "conv_2_beside_conv_3_stride_2_same_added",
        14,
        [
            (_conv(2, strides=2, **_SAME), [0]),
            (_conv(3, strides=2, **_SAME), [0]),
            (_ADD, [1, 2]),
            (_conv(2, **_SAME), [3]),
        ],
    ),
    (
        "even_windows_that_pad_differently_joined",
        15,
        [
            (_zeros(((2, 0), (0, 2))), [0]),
            (_conv(3), [1]),
            (_conv(4, **_SAME), [0]),
            (_JOIN, [2, 3]),
            (_max(3, strides=2, **_SAME), [4]),
        ],
    ),
    (
        "three_branches_reduced_by_2_joined",
        17,
        [
            (_conv(3), [0]),
            (_max(3, strides=2), [1]),
            (_conv(3, strides=2), [1]),
            (_conv((1, 7), **_SAME), [1]),
            (_conv((3, 1), strides=2), [4]),
            (_mean((1, 3), strides=1), [5]),
            (_zeros(((0, 0), (1, 1))), [6]),
            (_conv((1, 3)), [7]),
            (_zeros(((0, 0), (1, 0))), [8]),
            (_JOIN, [2, 3, 9]),
        ],
    ),
    (
        "residual_blocks_with_relu",
        20,
        [
            (_conv(3, **_SAME), [0]),
            (_RELU, [1]),
            (_conv(3, **_SAME), [2]),
            (_ADD, [0, 3]),
            (_conv(3, strides=2, **_SAME), [4]),
            (_conv(3, **_SAME), [5]),
            (_conv(1, strides=2, **_SAME), [4]),
            (_ADD, [6, 7]),
            (_NORM, [8]),
        ],
    ),
]
_DEPTHS: list[tuple[int, int, int]] = [
    (1, 3, 1),
    (2, 3, 1),
    (3, 3, 1),
    (4, 3, 1),
    (41, 3, 1),
    (42, 3, 1),
    (41, 5, 1),
    (15, 3, 2),
    (16, 3, 2),
    (31, 3, 2),
    (64, 2, 2),
    (65, 2, 2),
    (27, 3, 3),
    (28, 3, 3),
    (224, 7, 4),
]


def visible() -> Iterator[Case]:
    """The cases that students see: whole numbers, small enough to follow by hand."""
    rng = np.random.default_rng(10)
    settings: list[tuple[dict[str, Any], tuple[int, ...]]] = [
        ({"size": 1}, (1, 2, 2, 1)),
        ({"size": 2}, (1, 2, 3, 1)),
        ({"size": (1, 2)}, (1, 2, 3, 2)),
        ({"size": 2, "strides": 2}, (1, 4, 4, 1)),
        ({"size": 2, "rates": (2, 1)}, (1, 3, 3, 1)),
        ({"size": 2, "padding": "same"}, (1, 2, 2, 1)),
        ({"size": 2, "padding": "same", "rates": 3}, (1, 3, 4, 1)),
    ]
    for number, (config, shape) in enumerate(settings):
        yield _layer(f"see-{number}", "visible", config, shape, rng, whole)
    config = {"size": 2, "rates": 2, "padding": "same"}
    yield _layer("see-config", "visible", config, (2, 3, 3, 1), rng, whole, {"route": "config"})
    yield Case("see-refuse", "visible", LAYER, "refuse", {"size": 3, "padding": "full"})
    stacks: list[tuple[Any, list[Layer]]] = [
        (5, [_conv(3)]),
        (9, [_conv(3), _conv(3)]),
        (9, [_conv(3, strides=2), _conv(3)]),
        (9, [_conv(2), _max(2), _conv(2)]),
        (9, [_conv(3), _conv(3, dilation_rate=2)]),
        (9, [_conv(4, **_SAME)]),
        (8, [_conv(3, strides=2, **_SAME), _conv(3, **_SAME)]),
    ]
    for number, (side, layers) in enumerate(stacks):
        yield _field(f"see-stack-{number}", "visible", stack(side, layers))
    yield _field("see-branch", "visible", branches(*_GRAPHS[0]))
    small = [((3, 3, 1), [_conv(2)]), ((4, 4, 2), [_conv(2), _conv(2)])]
    for number, (shape, layers) in enumerate(small):
        yield _effective(f"see-effective-{number}", "visible", shape, layers, rng, whole)
    for number, (target, kernel_size, growth) in enumerate([(5, 3, 1), (6, 3, 1), (15, 3, 2)]):
        yield _depth(f"see-depth-{number}", "visible", target, kernel_size, growth)


def hidden(rng: np.random.Generator) -> Iterator[Case]:
    """The cases of the hidden tests, drawn anew for every course.

    Args:
        rng: Seeded from the course's seed.
    """
    for number, chosen in enumerate(pairs(rng, _ARGUMENTS)):
        config, shape = _split(chosen)
        yield _layer(f"plain-{number}", "plain", config, shape, rng, normal)
    yield from _modes(rng)
    for number, config in enumerate(_INVALID):
        yield Case(f"invalid-{number}", "invalid", LAYER, "refuse", config)
    drawn = [_drawn(rng) for _ in range(6)]
    for number, (side, layers) in enumerate([*_STACKS, *drawn]):
        yield _field(f"stack-{number}", "field", stack(side, layers))
    for number, graph in enumerate(_GRAPHS):
        yield _field(f"branch-{number}", "field", branches(*graph))
    for name, (side, _) in PUBLISHED.items():
        config = {"weights": None, "include_top": False, "input_shape": [side, side, 3]}
        model = {"make": f"keras.applications.{name}", "config": config}
        yield _field(f"published-{name}", "published", model)
    yield from _effectives(rng)
    for number, (target, kernel_size, growth) in enumerate(_DEPTHS):
        yield _depth(f"depth-{number}", "depth", target, kernel_size, growth)


def _modes(rng: np.random.Generator) -> Iterator[Case]:
    """The same layer by other routes, in other modes, under another policy."""
    dilated = {"size": (3, 2), "rates": (2, 3), "padding": "same"}
    strided = {"size": 3, "strides": 2, "padding": "SAME"}
    settings: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
        ("config", [dilated, strided], {"route": "config"}),
        ("save", [dilated], {"route": "save"}),
        ("unknown", [dilated], {"mode": "function", "unknown_batch": True}),
        ("xla", [strided], {"mode": "xla"}),
        ("half", [dilated], {"policy": "mixed_float16"}),
    ]
    for name, configs, options in settings:
        for number, config in enumerate(configs):
            key = f"{name}-{number}"
            yield _layer(key, name, config, (2, 6, 5, 2), rng, normal, options)


def _effectives(rng: np.random.Generator) -> Iterator[Case]:
    """Models whose absolute gradient is the same for every picture."""
    linear: list[tuple[tuple[int, int, int], list[Layer]]] = [
        ((4, 5, 2), [_conv(3)]),
        ((9, 8, 3), [_wide(3), _conv(3, **_SAME)]),
        ((11, 12, 2), [_wide(3, strides=2), _wide(3, **_SAME)]),
        ((10, 10, 3), [_wide(2), _wide(3, dilation_rate=2), _wide((1, 2))]),
    ]
    for number, (shape, layers) in enumerate(linear):
        yield _effective(f"effective-{number}", "effective", shape, layers, rng, normal)
    # |a . x| as relu(a . x) + relu(-a . x), and b . x in the same way, on channels of their own:
    # the gradient is a with a sign that depends on the picture, and b.
    kernel = normal(rng, (3, 3, 2, 1))
    one, other = (kernel * np.array([[a], [1 - a]], np.float32) for a in (1, 0))
    first = np.concatenate([one, -one, other, -other], axis=-1)
    second = np.array([[[[1, 0], [1, 0], [0, 1], [0, -1]]]], np.float32)
    config = {"use_bias": False}
    layers = [_conv(3, **config, activation="relu"), _conv(1, **config)]
    layers[0][1]["filters"], layers[1][1]["filters"] = 4, 2
    model = {**stack((7, 7, 2), layers), "weights": [first, second]}
    yield _noise("effective-abs", "effective", model, (7, 7, 2), 16)


def _wide(kernel_size: Any, **arguments: Any) -> Layer:
    return "Conv2D", {"filters": 3, "kernel_size": kernel_size, **arguments}


def _effective(
    key: str,
    group: str,
    shape: tuple[int, int, int],
    layers: list[Layer],
    rng: np.random.Generator,
    values: Values,
) -> Case:
    weights, channels = [], shape[2]
    for _, config in layers:
        weights.append(values(rng, (*pair(config["kernel_size"]), channels, config["filters"])))
        channels = config["filters"]
    plain = [(name, {**config, "use_bias": False}) for name, config in layers]
    model = {**stack(shape, plain), "weights": weights}
    return _noise(key, group, model, shape, 3)


def _noise(
    key: str, group: str, model: dict[str, Any], shape: tuple[int, int, int], samples: int
) -> Case:
    """Pictures from a seed: graders have TensorFlow deterministic, and ask for one."""
    inputs, options = (model, shape, samples), {"seed": 10}
    return Case(key, group, EFFECTIVE, "function", inputs=inputs, options=options)


def _field(key: str, group: str, model: dict[str, Any]) -> Case:
    return Case(key, group, FIELD, "function", inputs=(model,))


def _depth(key: str, group: str, target: int, kernel_size: int, growth: int) -> Case:
    config = {"target": target, "kernel_size": kernel_size}
    config |= {"growth": growth} if growth > 1 else {}
    return Case(key, group, DEPTH, "function", config)


def stack(side: Any, layers: list[Layer]) -> dict[str, Any]:
    """A sequential model as data.

    Args:
        side: Size of the picture: a side, both sides, or a whole shape.
        layers: Classes of the layers and their arguments.
    """
    shape = list(side) if isinstance(side, tuple) and len(side) == 3 else [*pair(side), 1]
    made: list[Any] = [{"make": "keras.Input", "config": {"shape": shape}}]
    made += [{"make": f"keras.layers.{name}", "config": config} for name, config in layers]
    return {"make": "keras.Sequential", "config": {"layers": made}}


def branches(name: str, side: Any, layers: list[tuple[Layer, list[int]]]) -> dict[str, Any]:
    """A functional model as data: Keras's JSON.

    Args:
        name: Name of the model, which says to a reader what it is.
        side: Size of the picture: a side, or both.
        layers: Each layer and the places of its sources, counted from 1; 0 is the picture.
    """
    names = ["picture", *(f"{kind}_{place}" for place, ((kind, _), _) in enumerate(layers, 1))]
    shape = {"batch_shape": [None, *pair(side), 1], "dtype": "float32", "name": names[0]}
    described = [_described("InputLayer", shape, [])]
    for label, ((kind, config), sources) in zip(names[1:], layers, strict=True):
        inbound: Any = [_tensor(names[source]) for source in sources]
        inbound = inbound if len(sources) > 1 else inbound[0]
        nodes = [{"args": [inbound], "kwargs": {}}]
        described.append(_described(kind, {**config, "name": label}, nodes))
    config = {"name": name, "layers": described}
    config |= {"input_layers": [names[0], 0, 0], "output_layers": [names[-1], 0, 0]}
    model = {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}
    json_string = json.dumps(model)
    return {"make": "keras.models.model_from_json", "config": {"json_string": json_string}}


def _described(kind: str, config: dict[str, Any], nodes: list[Any]) -> dict[str, Any]:
    label = {"name": config["name"], "inbound_nodes": nodes}
    return {"module": "keras.layers", "class_name": kind, "config": config, **label}


def _tensor(source: str) -> dict[str, Any]:
    """A symbolic tensor; Keras reads its history and replaces the rest."""
    config = {"shape": [None], "dtype": "float32", "keras_history": [source, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def _drawn(rng: np.random.Generator) -> tuple[Any, list[Layer]]:
    """A stack of four layers with windows, such that they fit into the picture."""
    layers = []
    for _ in range(4):
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        window = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        arguments: dict[str, Any] = {"padding": ["valid", "same"][int(rng.integers(2))]}
        choice = int(rng.integers(3))
        if choice == 0 or kind in (_max, _mean):
            arguments["strides"] = int(rng.integers(1, 4))
        elif choice == 1:
            arguments["dilation_rate"] = int(rng.integers(1, 4))
        layers.append(kind(window, **arguments))
    return (int(rng.integers(150, 160)), int(rng.integers(150, 160))), layers


def _layer(
    key: str,
    group: str,
    config: dict[str, Any],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    values: Values,
    options: dict[str, Any] | None = None,
) -> Case:
    return Case(
        key,
        group,
        LAYER,
        config=config,
        inputs=(values(rng, shape),),
        cotangent=values(rng, output_shape(config, shape)),
        options=options or {},
    )


def _split(chosen: dict[str, Any]) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Arguments that differ from the defaults, and an input shape that the window fits into."""
    config = {
        name: value
        for name, value in chosen.items()
        if name not in ("picture", "batch", "channels") and DEFAULTS.get(name) != value
    }
    height, width = chosen["picture"]
    if chosen["padding"] == "valid":
        (kh, kw), (dh, dw) = pair(chosen["size"]), pair(chosen["rates"])
        height, width = max(height, (kh - 1) * dh + 1), max(width, (kw - 1) * dw + 1)
    return config, (chosen["batch"], height, width, chosen["channels"])


def output_shape(config: dict[str, Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Shape of the layer's output for an input shape."""
    full = {**DEFAULTS, **config}
    batch, height, width, channels = shape
    size = pair(full["size"])
    rows, columns = (
        output_length(n, k, s, d, full["padding"].lower())
        for n, k, s, d in zip(
            (height, width), size, pair(full["strides"]), pair(full["rates"]), strict=True
        )
    )
    return batch, rows, columns, size[0] * size[1] * channels
