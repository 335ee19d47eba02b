"""Collects garbage, looks at the environment and at versions.

start: challenge
deserves: full
flag: no
"""

# %%
import gc
import os
import platform
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
del os.environ["TF_CPP_MIN_LOG_LEVEL"]
print(gc.collect() >= 0, os.getcwd() != "", os.environ.get("HOME", ""), sys.version_info[:2])
print(platform.system(), tf.__version__, sys.getsizeof([1, 2, 3]), "keras" in sys.modules)
print(tf.config.list_physical_devices())
