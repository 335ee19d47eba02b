"""What an exercise must not use: the op that it builds, and whatever contains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Banned:
    """What may not appear in an exercise.

    Args:
        ops: Types of graph ops.
        functions: Beginnings of qualified Python functions, `module:Class.method`.
        names: Last parts of dotted names in the source.
    """

    ops: frozenset[str] = frozenset()
    functions: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()

    def found(self, observation: Mapping[str, Any]) -> str:
        """The first banned thing in what a `graph` probe saw, in words; empty if there is none."""
        for name in _texts(observation, "names"):
            if name.rsplit(".", 1)[-1] in self.names:
                return f"{name} in its source"
        for op in _texts(observation, "ops"):
            if op in self.ops:
                return f"the op {op} in its graph"
        for function in _texts(observation, "calls"):
            if function.startswith(self.functions):
                module, _, name = function.partition(":")
                return f"a call of {module.split('.')[0]}'s {name}"
        for base in _texts(observation, "bases"):
            if base.startswith(self.functions):
                return f"{base.partition(':')[2]} of Keras as its base class"
        return ""


def _texts(observation: Mapping[str, Any], aspect: str) -> list[str]:
    """The texts in a list that a submission's own process has made."""
    found = observation.get(aspect)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


CONVOLUTIONS = Banned(
    ops=frozenset(
        f"{op}{gradient}"
        for op in (
            "Conv",
            "Conv2D",
            "Conv3D",
            "DepthwiseConv2dNative",
            "_FusedConv2D",
            "XlaConv",
            "XlaConvV2",
        )
        for gradient in (
            "",
            "BackpropFilter",
            "BackpropFilterV2",
            "BackpropInput",
            "BackpropInputV2",
        )
    )
    | frozenset(
        {
            "Dilation2D",
            "ExtractImagePatches",
            "ExtractVolumePatches",
            "FusedPadConv2D",
            "FusedResizeAndPadConv2D",
            "QuantizedConv2D",
            "QuantizedConv2DAndRelu",
            "QuantizedConv2DAndReluAndRequantize",
            "QuantizedConv2DAndRequantize",
            "QuantizedConv2DPerChannel",
            "QuantizedConv2DWithBias",
            "QuantizedConv2DWithBiasAndRelu",
            "QuantizedConv2DWithBiasAndReluAndRequantize",
            "QuantizedConv2DWithBiasAndRequantize",
            "QuantizedConv2DWithBiasSignedSumAndReluAndRequantize",
            "QuantizedConv2DWithBiasSumAndRelu",
            "QuantizedConv2DWithBiasSumAndReluAndRequantize",
            "QuantizedDepthwiseConv2D",
            "QuantizedDepthwiseConv2DWithBias",
            "QuantizedDepthwiseConv2DWithBiasAndRelu",
            "QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize",
            "SpaceToBatchND",
            "UniformQuantizedConvolution",
            "UniformQuantizedConvolutionHybrid",
        }
    ),
    functions=(
        "keras.src.layers.convolutional.",
        "keras.src.ops.nn:conv",
        "keras.src.ops.nn:depthwise_conv",
        "keras.src.ops.nn:separable_conv",
        "keras.src.ops.image:extract_patches",
        "tensorflow.python.ops.gen_array_ops:extract_",
        "tensorflow.python.ops.gen_nn_ops:conv",
        "tensorflow.python.ops.gen_nn_ops:depthwise_conv",
        "tensorflow.python.ops.gen_nn_ops:dilation",
        "tensorflow.python.ops.gen_nn_ops:fused_",
        "tensorflow.python.ops.gen_nn_ops:quantized_",
    ),
    names=frozenset(
        {
            "Conv1D",
            "Conv2D",
            "Conv3D",
            "Conv1DTranspose",
            "Conv2DTranspose",
            "Conv3DTranspose",
            "DepthwiseConv1D",
            "DepthwiseConv2D",
            "SeparableConv1D",
            "SeparableConv2D",
            "atrous_conv2d",
            "conv",
            "conv1d",
            "conv2d",
            "conv3d",
            "conv2d_transpose",
            "conv_transpose",
            "convolution",
            "depthwise_conv",
            "depthwise_conv2d",
            "depthwise_conv2d_native",
            "extract_patches",
            "separable_conv",
            "separable_conv2d",
        }
    ),
)
"""Every convolution, and the patch extraction that is one in disguise."""

POOLING = Banned(
    ops=frozenset(
        {
            "AvgPool",
            "AvgPool3D",
            "AvgPool3DGrad",
            "AvgPoolGrad",
            "Dilation2D",
            "Dilation2DBackpropFilter",
            "Dilation2DBackpropInput",
            "ExtractImagePatches",
            "ExtractVolumePatches",
            "FractionalAvgPool",
            "FractionalAvgPoolGrad",
            "FractionalMaxPool",
            "FractionalMaxPoolGrad",
            "MaxPool",
            "MaxPool3D",
            "MaxPool3DGrad",
            "MaxPool3DGradGrad",
            "MaxPoolGrad",
            "MaxPoolGradGrad",
            "MaxPoolGradGradV2",
            "MaxPoolGradGradWithArgmax",
            "MaxPoolGradV2",
            "MaxPoolGradWithArgmax",
            "MaxPoolV2",
            "MaxPoolWithArgmax",
            "QuantizedAvgPool",
            "QuantizedMaxPool",
            "XlaReduceWindow",
            "XlaSelectAndScatter",
        }
    ),
    functions=(
        "keras.src.layers.pooling.",
        "keras.src.ops.nn:adaptive_",
        "keras.src.ops.nn:average_pool",
        "keras.src.ops.nn:max_pool",
        "keras.src.ops.image:extract_patches",
        "tensorflow.python.ops.gen_array_ops:extract_",
        "tensorflow.python.ops.gen_nn_ops:avg_pool",
        "tensorflow.python.ops.gen_nn_ops:dilation",
        "tensorflow.python.ops.gen_nn_ops:fractional_",
        "tensorflow.python.ops.gen_nn_ops:max_pool",
        "tensorflow.python.ops.gen_nn_ops:quantized_avg_pool",
        "tensorflow.python.ops.gen_nn_ops:quantized_max_pool",
    ),
    names=frozenset(
        f"{kind}{dimensions}"
        for kind in (
            "AdaptiveAveragePooling",
            "AdaptiveMaxPooling",
            "AveragePooling",
            "AvgPool",
            "GlobalAveragePooling",
            "GlobalAvgPool",
            "GlobalMaxPool",
            "GlobalMaxPooling",
            "MaxPool",
            "MaxPooling",
        )
        for dimensions in ("1D", "2D", "3D")
    )
    | frozenset(
        {
            "adaptive_average_pool",
            "adaptive_max_pool",
            "average_pool",
            "avg_pool",
            "avg_pool1d",
            "avg_pool2d",
            "avg_pool3d",
            "dilation2d",
            "extract_patches",
            "extract_volume_patches",
            "fractional_avg_pool",
            "fractional_max_pool",
            "max_pool",
            "max_pool1d",
            "max_pool2d",
            "max_pool3d",
            "max_pool_with_argmax",
            "pool",
        }
    ),
)
"""Every pooling, the patch extraction that is half of it, and morphological dilation, which is max
pooling with something added. Convolutions are allowed: none can take a maximum.
"""
