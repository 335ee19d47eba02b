"""You count the taps of a dilated window as neighbors; its rate pulls them apart."""

import keras


def layers_and_sources(model):
    """The layers in order, each with the names of those it takes its input from."""
    if isinstance(model, keras.Sequential):
        names = [None] + [layer.name for layer in model.layers]
        return [(layer, [name]) for layer, name in zip(model.layers, names)]
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    makers = {id(layer.output): layer.name for layer in layers}
    return [
        (layer, [makers.get(id(x)) for x in keras.tree.flatten(layer.input)]) for layer in layers
    ]


def receptive_field(model):
    """Computes which input pixels the output units of a model can see."""

    def window(layer, axis):
        """Zeros in front, distance from the first to the last tap, stride."""
        if isinstance(layer, keras.layers.ZeroPadding2D):
            return layer.padding[axis][0], 0, 1
        taps = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))
        if taps is None:
            return 0, 0, 1  # it looks at one place at a time
        stride = layer.strides[axis]
        reach = taps[axis] - 1
        if layer.padding == "valid":
            return 0, reach, stride
        n = layer.input.shape[1 + axis]
        missing = max((-(-n // stride) - 1) * stride + reach + 1 - n, 0)
        return missing // 2, reach, stride

    # For each layer and axis: the first and the last pixel that unit 0 sees, and the jump.
    seen = {None: [(0, 0, 1), (0, 0, 1)]}
    for layer, sources in layers_and_sources(model):
        seen[layer.name] = []
        for axis in (0, 1):
            firsts, lasts, jumps = zip(*(seen[name][axis] for name in sources))
            before, reach, stride = window(layer, axis)
            first = min(firsts) - before * jumps[0]
            last = max(lasts) + (reach - before) * jumps[0]
            seen[layer.name].append((first, last, jumps[0] * stride))
    fields = [(last - first + 1, jump, first) for first, last, jump in seen[layer.name]]
    return tuple(high if high == wide else (high, wide) for high, wide in zip(*fields))
