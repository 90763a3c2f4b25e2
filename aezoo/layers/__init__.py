"""What stands inside a model."""

from aezoo.layers import backbones, corruptions

__all__ = ["backbones", "corruptions"]
