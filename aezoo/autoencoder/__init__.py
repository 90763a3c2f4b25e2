"""The one model class: a functional Keras model made from an encoder and a decoder."""

from aezoo.autoencoder.model import Autoencoder

__all__ = ["Autoencoder"]
