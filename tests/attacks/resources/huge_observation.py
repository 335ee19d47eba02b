"""The configuration has half a million keys; the layer has thousands of weights.

start: solution
deserves: full
flag: no
run: seldom
"""

# %%
honest = DepthwiseConv2D.get_config
DepthwiseConv2D.get_config = lambda self: {
    **honest(self),
    **{f"key{number}" + "x" * 100: number for number in range(500_000)},
}
build = DepthwiseConv2D.build


def many(self, input_shape):
    build(self, input_shape)
    for number in range(2000):
        self.add_weight(name=f"w{number}", shape=(), trainable=False)


DepthwiseConv2D.build = many
