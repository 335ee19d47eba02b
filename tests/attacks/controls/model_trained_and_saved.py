"""Trains a small model with the layer, saves and loads it.

start: solution
deserves: full
flag: no
run: seldom
"""

# %%
model = keras.Sequential([keras.Input((6, 6, 2)), DepthwiseConv2D(3), keras.layers.Flatten()])
model.add(keras.layers.Dense(1))
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(size=(8, 6, 6, 2)).astype("float32")
model.fit(x, x.sum((1, 2, 3)), epochs=2, verbose=0)
model.save("model.keras")
again = keras.saving.load_model("model.keras")
print(np.allclose(model(x), again(x)))
