"""The instructor's package: builds, releases, grades and proves the labs."""

import os
import sys
from typing import Any

# TensorFlow's C++ code logs at import; its lines would stand between those of the commands.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Where this package is installed, jsonschema builds a parser of international URLs at import, for a
# format that no notebook has: a second in each of our processes.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("rfc3987_syntax", None)
