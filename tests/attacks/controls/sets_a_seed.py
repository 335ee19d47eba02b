"""Sets seeds, and asks for determinism.

start: challenge
deserves: full
flag: no
"""

# %%
import random

random.seed(0)
np.random.seed(0)
keras.utils.set_random_seed(0)
tf.random.set_seed(0)
print(random.random(), np.random.rand())
