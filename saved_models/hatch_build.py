"""Puts pretrained models and their cards into the wheel, beside the code that loads them."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = (
    "card.json",
    "classifier.json",
    "detector.json",
    "detector.npz",
    "model.keras",
    "model.weights.h5",
)


class Weights(BuildHookInterface):
    """Adds what code loads of pretrained models; a checkout has it in place."""

    def initialize(self, version, build_data):
        if version == "editable":
            return
        for path in Path(self.root, "saved_models").glob("*/*"):
            if path.name in FILES:
                inside = f"aezoo/saved_models/{path.parent.name}/{path.name}"
                build_data["force_include"][str(path)] = inside
