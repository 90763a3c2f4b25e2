"""The families of the zoo. Importing this package registers them."""

from aezoo.models.conv import conv
from aezoo.models.deep import deep
from aezoo.models.denoising import denoising
from aezoo.models.vanilla import vanilla
from aezoo.registry import build, list_models, register

__all__ = ["build", "conv", "deep", "denoising", "list_models", "register", "vanilla"]
