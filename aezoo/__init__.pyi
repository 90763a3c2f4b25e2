# The public names, for the lazy loader of __init__.py and for editors and type checkers.

from . import edge as edge
from . import evaluation as evaluation
from . import export as export
from . import plots as plots
from .autoencoder import Autoencoder as Autoencoder
from .data import augmentation as augmentation
from .data.datasets import Dataset as Dataset
from .data.datasets import load_dataset as load_dataset
from .data.streams import Stream as Stream
from .edge import LiteModel as LiteModel
from .evaluation import evaluate as evaluate
from .evaluation import probe as probe
from .export import ExportError as ExportError
from .export import ExportReport as ExportReport
from .export import export_onnx as export_onnx
from .export import export_saved_model as export_saved_model
from .export import export_tflite as export_tflite
from .export import quantize_aware as quantize_aware
from .layers import backbones as backbones
from .layers import corruptions as corruptions
from .models import build as build
from .models import compressive as compressive
from .models import contractive as contractive
from .models import conv as conv
from .models import deep as deep
from .models import denoising as denoising
from .models import list_models as list_models
from .models import masked as masked
from .models import register as register
from .models import residual as residual
from .models import sparse as sparse
from .models import vanilla as vanilla
from .models import variational as variational
from .models import vector_quantized as vector_quantized
from .training import search as search
from .training import sweep as sweep
from .training import train as train
from .uses import AnomalyDetector as AnomalyDetector
from .uses import CodeTransformer as CodeTransformer
from .uses import TimeSeriesDetector as TimeSeriesDetector
from .uses import compress as compress
from .uses import decompress as decompress
from .uses import denoise as denoise
from .uses import resized as resized

__version__: str
