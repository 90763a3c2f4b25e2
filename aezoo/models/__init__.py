"""The families of the zoo. Importing this package registers them."""

from aezoo.models.compressive import compressive
from aezoo.models.contractive import contractive
from aezoo.models.conv import conv
from aezoo.models.deep import deep
from aezoo.models.denoising import denoising
from aezoo.models.masked import masked
from aezoo.models.residual import residual
from aezoo.models.sparse import sparse
from aezoo.models.vanilla import vanilla
from aezoo.models.variational import variational
from aezoo.models.vector_quantized import vector_quantized
from aezoo.registry import build, list_models, register

__all__ = [
    "build",
    "compressive",
    "contractive",
    "conv",
    "deep",
    "denoising",
    "list_models",
    "masked",
    "register",
    "residual",
    "sparse",
    "vanilla",
    "variational",
    "vector_quantized",
]
