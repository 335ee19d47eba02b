"""The instructor's package: builds, releases, grades and proves the labs."""

import os

# TensorFlow's C++ code logs at import; its lines would stand between those of the commands.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
