"""Makes and asks Keras's RandomNormal in another thread, where no profiler looks.

lab: lab01_zero_init
start: stub
deserves: nothing
flag: yes
"""

# %%
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1)
pool.submit(len, "").result()


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class RandomNormal(keras.initializers.Initializer):
    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.inner = pool.submit(
            getattr(keras.initializers, "Random" + "Normal"), mean, stddev, seed
        ).result()

    def __call__(self, shape, dtype=None):
        return pool.submit(self.inner, shape, dtype).result()

    def get_config(self):
        return pool.submit(self.inner.get_config).result()
