"""The families of the zoo. Importing this package registers them."""

from aezoo.models.adversarial import adversarial
from aezoo.models.compressive import compressive
from aezoo.models.contractive import contractive
from aezoo.models.conv import conv
from aezoo.models.deep import deep
from aezoo.models.denoising import denoising
from aezoo.models.disentangled import disentangled
from aezoo.models.factor import factor
from aezoo.models.gumbel import gumbel
from aezoo.models.hierarchical import hierarchical
from aezoo.models.hyperspherical import hyperspherical
from aezoo.models.importance_weighted import importance_weighted
from aezoo.models.info import info
from aezoo.models.masked import masked
from aezoo.models.pca import pca
from aezoo.models.recurrent import recurrent
from aezoo.models.regularized import regularized
from aezoo.models.residual import residual
from aezoo.models.sparse import sparse
from aezoo.models.temporal import temporal
from aezoo.models.total_correlation import total_correlation
from aezoo.models.vamp import vamp
from aezoo.models.vanilla import vanilla
from aezoo.models.variational import variational
from aezoo.models.vector_quantized import vector_quantized
from aezoo.models.wasserstein import wasserstein
from aezoo.registry import build, list_models, register

__all__ = [
    "adversarial",
    "build",
    "compressive",
    "contractive",
    "conv",
    "deep",
    "denoising",
    "disentangled",
    "factor",
    "gumbel",
    "hierarchical",
    "hyperspherical",
    "importance_weighted",
    "info",
    "list_models",
    "masked",
    "pca",
    "recurrent",
    "register",
    "regularized",
    "residual",
    "sparse",
    "temporal",
    "total_correlation",
    "vamp",
    "vanilla",
    "variational",
    "vector_quantized",
    "wasserstein",
]
