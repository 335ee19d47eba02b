"""Lists the weights and the attributes of layers by vars, getattr and type.

start: solution
deserves: full
flag: no
run: seldom
"""

# %%
layer = DepthwiseConv2D(2)
layer.build((None, 4, 4, 1))
for name in ("kernel_size", "strides", "padding", "dilation_rate"):
    print(name, getattr(layer, name), type(getattr(layer, name)).__name__)
print(sorted(vars(layer))[:5], isinstance(layer, keras.layers.Layer), DepthwiseConv2D.__mro__[-1])
Small = type("Small", (), {"size": 3})
print(Small.size, callable(layer), hasattr(layer, "bias"), id(layer) == id(layer))
