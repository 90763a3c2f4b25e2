"""Networks of a user's own in place of those of a backbone."""

from typing import Any

import keras

from aezoo.layers.output import ending


def checked(
    encoder: keras.Model | None,
    decoder: keras.Model | None,
    input_shape: tuple[int, ...],
    sizes: tuple[int, int],
    options: dict[str, Any],
) -> None:
    """Refuses networks that cannot stand in for those of a backbone.

    Args:
        encoder, decoder: `keras.Model`, or `None` for that of the backbone.
        input_shape: Tuple of positive integers.
        sizes: Pair of integers, how many numbers the encoder returns and the decoder takes.
        options: Dictionary of options of the backbone, those that a family has set among them.

    Raises:
        ValueError: For what is no Keras model with one input and one output, other shapes, an
            activation at the end that the family cannot use, or options that are for nothing.
    """
    ends = []
    if encoder is not None:
        _check_network("encoder", encoder, options.get("latent_activation"))
        ends += [
            ("encoder must take samples of input_shape", encoder.input_shape[1:], input_shape),
            (f"encoder must return {sizes[0]} numbers", encoder.output_shape[-1], sizes[0]),
        ]
    if decoder is not None:
        _check_network("decoder", decoder, options.get("output_activation"))
        ends += [
            ("decoder must return samples of input_shape", decoder.output_shape[1:], input_shape),
            (f"decoder must take {sizes[1]} numbers", decoder.input_shape[-1], sizes[1]),
        ]
    for rule, found, expected in ends:
        if found != expected:
            shape = input_shape if expected is input_shape else f"latent_dim is {sizes[1]}"
            raise ValueError(f"{rule}: {shape}. Received: {found}")
    idle = sorted(options.keys() - {"latent_activation", "output_activation"})
    if encoder is not None and decoder is not None and idle:
        raise ValueError(
            f"With an encoder and a decoder there is no backbone to take {idle[0]!r}. A plain "
            "autoencoder of both is aezoo.Autoencoder(encoder, decoder)."
        )


def _check_network(what, network, activation):
    if not isinstance(network, keras.Model):
        raise ValueError(f"{what} must be a keras.Model. Received: {network!r}")
    if len(getattr(network, "inputs", None) or ()) != 1 or len(network.outputs) != 1:
        raise ValueError(
            f"{what} must be a functional or sequential model of one input and one output that "
            "knows its shapes: begin it with keras.Input."
        )
    end = ending(network).activation
    if activation not in (None, end):
        raise ValueError(f"{what} must end with {activation!r} here. It ends with {end!r}.")
