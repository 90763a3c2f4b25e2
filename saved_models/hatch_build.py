"""Puts the pretrained weights and their cards into the wheel, beside the code that loads them."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Weights(BuildHookInterface):
    """Adds `card.json` and `model.weights.h5` of each model; a checkout has them in place."""

    def initialize(self, version, build_data):
        if version == "editable":
            return
        for path in Path(self.root, "saved_models").glob("*/*"):
            if path.name in ("card.json", "model.weights.h5"):
                inside = f"aezoo/saved_models/{path.parent.name}/{path.name}"
                build_data["force_include"][str(path)] = inside
