"""An honest layer, with Keras's default precision and NumPy's warnings changed.

start: challenge
deserves: full
flag: no
"""

# %%
keras.config.set_floatx("float16")
keras.config.set_epsilon(0.5)
keras.config.set_dtype_policy("mixed_bfloat16")
np.seterr(all="ignore")
