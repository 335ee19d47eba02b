"""Build hook: the wheel that students install holds `layerlab` alone; an editable install of this
checkout is an instructor's, and gets the `autograder` command too.
"""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommandHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["shared_scripts"]["bin/autograder"] = "autograder"
