"""`probe`: what is observed of right layers, and what is said of layers wrong in every way."""

import json
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from layerlab import probe
from layerlab.case import Case
from layerlab.compare import Expected, compare

X = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
KERNEL = np.array([2.0, 5.0], np.float32)


@keras.saving.register_keras_serializable(package="layerlab-tests")
class Scale(keras.layers.Layer):
    """A right layer: multiplies each channel by a weight."""

    def __init__(self, factor=1, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.kernel * tf.cast(self.factor, inputs.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def case(target="Scale", probe="layer", **fields):
    fields = {"inputs": (X,), "weights": (KERNEL,), "cotangent": np.ones_like(X), **fields}
    return Case("k", "g", target, probe, **fields)


TRUTH = {
    "weights": Expected([("kernel", (2,))], rule="weights"),
    "weight dtypes": Expected(["float32"]),
    "computed output shape": Expected((2, 2)),
    "output": Expected((X * KERNEL).astype(float)),
    "output dtype": Expected("float32"),
    "gradient of input": Expected(np.tile(KERNEL, (2, 1)).astype(float)),
    "gradient of kernel": Expected(X.sum(0).astype(float)),
}


def ask(layer, name="Scale", **fields):
    return probe.run(case(**fields), {name: layer})


def sentences(layer, name="Scale", truth=TRUTH, **fields):
    """What a student reads, by aspect."""
    found = compare(truth, ask(layer, name, **fields))
    return {aspect: difference.message for aspect, difference in found.items()}


def test_a_right_layer_is_right():
    assert sentences(Scale) == {}


@pytest.mark.parametrize(
    "options",
    [
        {"route": "config"},
        {"route": "save"},
        {"mode": "function"},
        {"mode": "function", "unknown_batch": True},
        {"mode": "xla"},
    ],
)
def test_a_right_layer_is_right_by_every_route(options):
    truth = TRUTH
    if options.get("unknown_batch"):
        truth = {**TRUTH, "computed output shape": Expected((None, 2))}
    assert sentences(Scale, truth=truth, options=options) == {}


def test_mixed_precision_computes_in_half():
    found = ask(Scale, options={"policy": "mixed_float16"})
    assert found["output dtype"] == "float16" and found["weight dtypes"] == ["float32"]


def test_the_policy_is_put_back():
    before = keras.config.dtype_policy().name
    ask(Scale, options={"policy": "mixed_float16"})

    def broken(**_):
        raise ValueError

    ask(broken, options={"policy": "mixed_float16"})
    assert keras.config.dtype_policy().name == before


def test_the_configuration_is_observed():
    found = ask(Scale, config={"factor": 3}, options={"route": "config"})
    assert "factor" in found["configuration keys"] and found["configuration"]["factor"] == 3
    assert np.array_equal(found["output"], X * KERNEL * 3)


def test_initial_weights_are_observed():
    assert np.array_equal(ask(Scale)["initial kernel"], [1, 1])


def test_an_output_of_another_shape_has_no_gradient():
    found = ask(type("Scale", (Scale,), {"call": lambda self, x: x[:, :1]}))
    assert found["output"].shape == (2, 1) and "gradient of input" not in found


# One class for each way of being wrong: what it changes, and what is said.


def variant(**members):
    return type("Scale", (Scale,), members)


def no_build(self, input_shape):
    pass


def late(self, inputs):
    self.kernel = self.add_weight(name="kernel", shape=(2,), initializer="ones")
    return inputs * self.kernel


def build_named(name, shape=(2,), **options):
    def build(self, input_shape):
        self.kernel = self.add_weight(name=name, shape=shape, initializer="ones", **options)

    return build


def unfinished(self, *_):
    raise NotImplementedError


def raising(self, inputs):
    raise RuntimeError("the text of\nthe error")


WRONG_CALLS = {
    "NumPy array": (lambda self, x: x.numpy() * 2, "call returns a ndarray; it must return one"),
    "None": (lambda self, x: None, "call returns None: is a return missing?"),
    "list": (lambda self, x: [x, x], "call returns a list; it must return one tensor"),
    "number": (lambda self, x: 3.0, "call returns a float; it must return one tensor"),
    "exception": (raising, "the text of the error"),
    "NaN": (lambda self, x: x * self.kernel * np.nan, "wrong in 4 of 4 values"),
    "wrong values": (lambda self, x: x * self.kernel + 1, "it is 3, expected 2"),
    "wrong shape": (lambda self, x: x[:1], "has shape (1, 2), expected (2, 2)"),
    "transposed": (lambda self, x: tf.transpose(x * self.kernel), "wrong in 2 of 4 values"),
    "not started": (unfinished, "Not started yet."),
}


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_a_wrong_call_is_told(name):
    call, said = WRONG_CALLS[name]
    assert said in sentences(variant(call=call))["output"]


def test_an_exception_is_told_as_the_student_raised_it():
    said = sentences(variant(call=raising))["output"]
    assert said.startswith("call raises RuntimeError") and "\x1b" not in said


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32", "bool"])
def test_a_wrong_dtype_is_told(dtype):
    found = sentences(variant(call=lambda self, x: tf.cast(x * self.kernel, dtype)))
    assert found["output dtype"] == f"The output dtype should be float32, not {dtype}."


@pytest.mark.parametrize("dtype", ["complex64", "string", "bfloat16"])
def test_an_unusual_dtype_is_told_without_a_crash(dtype):
    def call(self, x):
        y = x * self.kernel
        return tf.strings.as_string(y) if dtype == "string" else tf.cast(y, dtype)

    assert sentences(variant(call=call))["output dtype"]


@pytest.mark.parametrize("kind", ["sparse", "ragged", "dictionary", "tuple", "Keras tensor"])
def test_an_unusual_result_is_told_without_a_crash(kind):
    results = {
        "sparse": lambda x: tf.sparse.from_dense(x),
        "ragged": lambda x: tf.RaggedTensor.from_tensor(x),
        "dictionary": lambda x: {"y": x},
        "tuple": lambda x: (x,),
        "Keras tensor": lambda x: keras.KerasTensor(x.shape),
    }
    found = sentences(variant(call=lambda self, x: results[kind](x)))
    assert found["output"]


def test_numpy_within_cuts_the_gradient_off():
    found = sentences(variant(call=lambda self, x: tf.constant(x.numpy() * self.kernel.numpy())))
    assert set(found) == {"gradient of input", "gradient of kernel"}
    assert found["gradient of kernel"].startswith("No gradient of kernel arrives")


def test_a_stopped_gradient_is_told_of_that_weight_alone():
    call = lambda self, x: x * tf.stop_gradient(self.kernel)  # noqa: E731
    assert list(sentences(variant(call=call))) == ["gradient of kernel"]


def test_weights_that_are_missing():
    found = sentences(variant(build=no_build, call=lambda self, x: x))
    assert found["weights"] == (
        "The weights should be kernel (2,), in this order; the layer has none."
    )
    assert "should have the shapes (2,); the layer has none" in found["output"]


def test_weights_by_the_thousand_are_told_in_a_sentence():
    def build(self, input_shape):
        for number in range(1000):
            self.add_weight(name=f"w{number}", shape=(), trainable=False)

    said = sentences(variant(build=build))["output"]
    assert "The layer has 1000 weights: make those it needs." in said


def test_weights_that_are_made_in_call():
    found = sentences(variant(build=no_build, call=late))
    assert "the layer has none" in found["weights"]


def test_a_variable_that_keras_does_not_track():
    def build(self, input_shape):
        self.kernel = tf.Variable(tf.ones(2))

    assert "the layer has none" in sentences(variant(build=build))["weights"]


def test_a_weight_of_another_name_still_counts_for_the_values():
    found = sentences(variant(build=build_named("w")))
    assert found.pop("weights") == (
        "The weights should be kernel (2,), in this order; the layer has w (2,)."
    )
    assert "output" not in found


def test_a_weight_of_another_shape_says_which_and_what_was_expected():
    found = sentences(variant(build=build_named("kernel", (1, 3))))
    assert "kernel (2,)" in found["weights"] and "kernel (1, 3)" in found["weights"]
    assert "should have the shapes (2,); the layer has kernel (1, 3)" in found["output"]


def test_a_weight_that_is_not_trainable():
    found = sentences(variant(build=build_named("kernel", trainable=False)))
    assert "the layer has none" in found["weights"]


def test_a_weight_of_another_dtype():
    found = sentences(variant(build=build_named("kernel", dtype="float16")))
    assert found["weight dtypes"] == "The weight dtypes should be (float32), not (float16)."


def test_one_weight_too_many():
    def build(self, input_shape):
        Scale.build(self, input_shape)
        self.extra = self.add_weight(name="extra", shape=())

    assert "the layer has kernel (2,), extra ()" in sentences(variant(build=build))["weights"]


def test_a_build_that_raises():
    def build(self, input_shape):
        raise KeyError("missing")

    assert "build raises KeyError: 'missing'" in sentences(variant(build=build))["output"]


def test_a_stub_is_not_started():
    stub = variant(build=unfinished, call=unfinished, compute_output_shape=unfinished)
    found = compare(TRUTH, ask(stub))
    assert {difference.kind for difference in found.values()} == {"not started"}


@pytest.mark.parametrize(
    ("missing", "aspect"), [("compute_output_shape", "computed output shape"), ("call", "output")]
)
def test_a_method_that_is_missing_is_no_stub(missing, aspect):
    """Keras raises a NotImplementedError of its own there."""
    members = {"build": Scale.build, "call": Scale.call, "factor": 1}
    members["compute_output_shape"] = Scale.compute_output_shape
    del members[missing]
    found = compare(TRUTH, ask(type("Scale", (keras.layers.Layer,), members)))
    assert found[aspect].kind == "error" and missing in found[aspect].message


def test_the_output_counts_even_if_its_computed_shape_raises():
    def raising(self, input_shape):
        raise ValueError("no shape")

    assert set(sentences(variant(compute_output_shape=raising))) == {"computed output shape"}


def test_a_name_that_is_missing():
    found = probe.run(case(), {"other": 1})
    assert found["error"]["text"] == "Scale is not defined: define it by exactly this name."


@pytest.mark.parametrize("name", ["scale", "Scales", "Scal", "SCale"])
def test_a_name_that_is_near_is_suggested(name):
    text = probe.run(case(), {name: Scale, "np": np})["error"]["text"]
    assert f"is {name} meant to be it?" in text


def test_a_name_that_is_none():
    assert "is not defined" in probe.run(case(), {"Scale": None})["error"]["text"]


def test_a_constructor_of_other_arguments():
    said = sentences(variant(__init__=lambda self, size: None), config={"factor": 2})["output"]
    assert said.startswith("the constructor raises TypeError")
    assert "factor" in said


def test_a_constructor_that_forgets_super():
    def init(self, factor=1):
        self.factor = factor

    assert "raises" in sentences(variant(__init__=init))["output"]


def test_what_is_no_layer():
    class Plain:
        pass

    assert "Scale is not a keras.layers.Layer" in sentences(Plain)["output"]


@pytest.mark.parametrize("target", [lambda: Scale(), lambda: 5, lambda: "text", lambda: np])
def test_what_is_no_class(target):
    assert "raises TypeError" in sentences(target())["output"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda self, s: (*s, 1), "should be (2, 2), not (2, 2, 1)"),
        (lambda self, s: None, "compute_output_shape raises TypeError"),
        (unfinished, "Not started yet."),
    ],
)
def test_a_wrong_computed_shape(answer, said):
    found = sentences(variant(compute_output_shape=answer))
    assert said in found["computed output shape"]


@pytest.mark.parametrize("answer", [list, tuple, tf.TensorShape])
def test_a_computed_shape_of_any_kind(answer):
    assert sentences(variant(compute_output_shape=lambda self, s: answer(s))) == {}


def test_a_configuration_that_lacks_an_argument():
    truth = {**TRUTH, "configuration keys": Expected(["factor"], rule="contains")}
    layer = variant(get_config=lambda self: keras.layers.Layer.get_config(self))
    found = sentences(layer, truth=truth, options={"route": "config"})
    assert found["configuration keys"] == "The configuration keys lack 'factor'."


def test_an_argument_that_a_configuration_lacks_is_lost():
    layer = variant(get_config=lambda self: keras.layers.Layer.get_config(self))
    found = ask(layer, config={"factor": 3}, options={"route": "config"})
    assert np.array_equal(found["output"], X * KERNEL)


def test_a_configuration_that_is_none():
    found = sentences(variant(get_config=lambda self: None), options={"route": "config"})
    assert "get_config raises" in found["output"]


def test_a_configuration_that_cannot_rebuild():
    layer = variant(get_config=lambda self: {"unknown": 1})
    assert "get_config raises TypeError" in sentences(layer, options={"route": "config"})["output"]


def test_a_layer_that_is_not_registered_cannot_be_loaded():
    class Unregistered(Scale):
        pass

    said = sentences(Unregistered, "Scale", options={"route": "save"})["output"]
    assert said.startswith("saving and loading raises TypeError")


def test_an_input_that_is_changed():
    def call(self, x):
        x._numpy()[0, 0] = 9
        return x * self.kernel

    found = ask(variant(call=call), inputs=(X.copy(),))
    assert "changes its input" in found["error"]["text"] or "read-only" in found["error"]["text"]


def test_the_case_itself_is_never_changed():
    def call(self, x):
        x._numpy()[...] = 9
        return x

    asked = case(inputs=(X.copy(),))
    probe.run(asked, {"Scale": variant(call=call)})
    assert np.array_equal(asked.inputs[0], X)


def test_an_input_with_nan_is_not_taken_for_changed():
    bad = X.copy()
    bad[0, 0] = np.nan
    assert "error" not in ask(Scale, inputs=(bad,))


def test_state_between_calls_is_observed():
    class Counter(keras.layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(
                name="count", shape=(), initializer="zeros", trainable=False
            )

        def call(self, x, training=False):
            if training:
                self.count.assign_add(1.0)
            return x

        def compute_output_shape(self, input_shape):
            return input_shape

    found = ask(Counter, inputs=(X, X, X), weights=(), options={"training": [True, False, True]})
    assert found["state"] == [("count", ())] and found["count after the call"] == 2


def test_an_error_names_the_students_line():
    namespace = {"keras": keras}
    source = textwrap.dedent("""
        class Mine(keras.layers.Layer):
            def call(self, x):
                return x + undefined

            def compute_output_shape(self, input_shape):
                return input_shape
    """)
    import linecache

    name = "<ipython-input-1-abc>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    exec(compile(source, name, "exec"), namespace)
    found = probe.run(case("Mine", weights=()), namespace)
    assert found["error"]["line"] == "return x + undefined"


def test_a_long_error_is_cut():
    def call(self, x):
        raise ValueError("x" * 10_000)

    assert len(ask(variant(call=call))["error"]["text"]) < 400


def test_everything_that_is_observed_of_a_right_layer_can_cross():
    from autograder.subject import wire

    wire.unpack(wire.pack(ask(Scale, options={"route": "config"})))


# refuse


@pytest.mark.parametrize(
    ("error", "seen"), [(ValueError, "ValueError"), (TypeError, "TypeError"), (None, None)]
)
def test_what_a_constructor_raises_is_observed(error, seen):
    class Refuses:
        def __init__(self, **_):
            if error:
                raise error("no")

    assert ask(Refuses, probe="refuse") == {"refusal": seen}


def test_a_constructor_that_is_not_started():
    class Stub:
        def __init__(self, **_):
            raise NotImplementedError

    assert ask(Stub, probe="refuse")["error"]["type"] == "NotImplementedError"


def test_a_refusal_happens_in_the_constructor():
    class Late(Scale):
        def build(self, input_shape):
            raise ValueError("too late")

    assert ask(Late, probe="refuse") == {"refusal": None}


# initializer


def draw(target, config=None, **options):
    asked = Case(
        "k", "g", "Init", "initializer", config or {}, options={"shape": [3, 2], **options}
    )
    return probe.run(asked, {"Init": target})


def test_draws_of_an_initializer():
    found = draw(keras.initializers.GlorotUniform, {"seed": 3}, dtype="float16")
    assert found["values"].shape == (3, 2) and found["dtype"] == "float16"


def test_repetition_of_an_initializer():
    found = draw(keras.initializers.GlorotUniform, {"seed": 3}, draws=2)
    assert found["repetition by one object"] and found["repetition by a second object"]
    found = draw(keras.initializers.GlorotUniform, draws=2)
    assert not found["repetition by a second object"]


def test_an_initializer_without_a_dtype_argument():
    class Init:
        def __call__(self, shape):
            return tf.ones(shape)

    assert "values" in draw(Init)
    found = compare({"values": Expected(np.ones((3, 2)))}, draw(Init, dtype="float32"))
    assert "__call__ raises TypeError" in found["values"].message


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "returns None"), (np.ones((3, 2)), "returns a ndarray"), ([1.0], "returns a list")],
)
def test_an_initializer_that_returns_no_tensor(value, said):
    init = type("Init", (), {"__call__": lambda self, shape, dtype=None: value})
    assert said in draw(init)["error"]["text"]


# function


def call(target, *inputs, **fields):
    asked = Case("k", "g", "f", "function", inputs=inputs, **fields)
    return probe.run(asked, {"f": target})


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ((1, 2), [1, 2]),
        (np.int64(3), 3),
        (tf.constant(2.5), 2.5),
        ((np.float32(0.5), [tf.constant(1)]), [0.5, [1]]),
        ("text", "text"),
    ],
)
def test_values_of_a_function(value, seen):
    assert call(lambda: value)["value"] == seen


def test_a_function_that_returns_none():
    assert call(lambda: None)["error"]["text"] == "f returns None: is a return missing?"


def test_the_gradient_of_a_function():
    found = call(lambda x: x * x, X, cotangent=np.ones_like(X))
    assert np.array_equal(found["gradient of input"], 2 * X)
    assert found["dtype"] == "float32"


def test_a_model_is_made_of_layers_that_are_made():
    layers = [
        {"make": "keras.Input", "config": {"shape": [2]}},
        {"make": "Scale", "config": {"factor": 3}},
    ]
    model = {"make": "keras.Sequential", "config": {"layers": layers}, "weights": [KERNEL]}
    asked = Case("k", "g", "f", "function", inputs=(model, X))
    observed = probe.run(asked, {"Scale": Scale, "f": lambda model, x: model(x)})
    assert np.array_equal(observed["value"], 3 * X * KERNEL)


def test_a_function_of_numpy_has_no_gradient():
    found = call(lambda x: x.numpy() * 2, X, cotangent=np.ones_like(X))
    assert found["error"]["text"] == "f returns a ndarray: no gradient can pass."


def test_lists_arrive_as_tuples():
    assert call(lambda shape: shape == (3, (4, 5)), [3, [4, 5]])["value"] is True


def test_the_configuration_arrives_by_keyword():
    assert call(lambda *, size: size, config={"size": [1, 2]})["value"] == [1, 2]


def test_observations_print_as_plain_data():
    json.dumps(call(lambda: (1, 2)))


PARTS = {"parts": {"product": [0, 1], "rest": [2]}}


def test_factors_are_observed_by_their_product():
    column, row = np.ones((3, 1), np.float32), np.full((1, 2), 2.0, np.float32)
    found = call(lambda: (column, row, 0.5), options=PARTS)
    other = call(lambda: [tf.constant(-2 * column), row / -2, np.float32(0.5)], options=PARTS)
    for observed in (found, other):
        assert np.array_equal(observed["product"], np.full((3, 2), 2.0))
        assert observed["rest"] == 0.5
        assert observed["shapes"] == [(3, 1), (1, 2), ()]
    assert "value" not in found


@pytest.mark.parametrize("value", [5, (1, 2), None])
def test_parts_that_are_missing_are_told(value):
    assert "product" not in call(lambda: value, options=PARTS)
    text = call(lambda: value, options=PARTS)["error"]["text"]
    assert "must return 3 values" in text or "returns None" in text


@pytest.mark.parametrize("factor", [np.ones(3), np.ones((3, 1)), "text", 2.0])
def test_factors_without_a_product_are_told(factor):
    found = call(lambda: (np.ones((2, 2)), factor, 0), options=PARTS)
    assert "no matrix product" in found["error"]["text"]
