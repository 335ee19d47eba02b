"""Has tests of its own, with asserts and np.testing.

start: solution
deserves: full
flag: no
run: seldom
"""


# %%
def test_shape():
    layer = DepthwiseConv2D(2, depth_multiplier=3)
    assert layer(np.ones((1, 4, 5, 2), "float32")).shape == (1, 3, 4, 6)


def test_ones():
    layer = DepthwiseConv2D(2, depthwise_initializer="ones")
    np.testing.assert_allclose(layer(np.ones((1, 2, 2, 1), "float32")), np.full((1, 1, 1, 1), 4.0))


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        print(name, "passes")
