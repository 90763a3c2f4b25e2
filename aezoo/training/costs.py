"""What a model will cost on a device, from its layers alone: before it is trained."""

import math
from typing import NamedTuple

from keras import layers

from aezoo.autoencoder import Autoencoder

TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
# Bytes of an int8 file with the signatures reconstruct, encode and decode, beside its weights: each
# tensor is described once for the whole and once for its part. Fitted to 15 files of
# `aezoo.export_tflite`, of 15 to 240 kB: most are within 2 kB of it, some 3 % away.
FILE, LAYER, TRANSPOSITION = 2500, 1000, 500


class Device(NamedTuple):
    """A class of microcontrollers.

    Attributes:
        mhz: Float, its clock.
        per_mac: Float, cycles for a multiply-add of int8.
        per_value: Float, cycles for a value that a layer returns: to scale, to cut off, to store.
    """

    mhz: float
    per_mac: float
    per_value: float


# That of the Cortex-M7 is measured: 12.3 million multiply-adds in 99.1 ms at 216 MHz, by CMSIS-NN.
# Two multiply-adds a cycle are its peak (SMLAD), of which that is 29 %. The Cortex-M4 has the same
# instructions, of which it issues one at a time in place of two. The vector extension of the
# Cortex-M55 makes eight a cycle, of which the same share is taken. Cycles for a value are assumed.
DEVICES = {
    "cortex-m4": Device(mhz=120, per_mac=3.4, per_value=12),
    "cortex-m7": Device(mhz=216, per_mac=1.7, per_value=6),
    "cortex-m55": Device(mhz=160, per_mac=0.43, per_value=2),
}


class Costs(NamedTuple):
    """What is counted of a model.

    Attributes:
        size: Integer, bytes of its int8 file, within a few per cent.
        macs: Integer, the multiply-adds of a reconstruction.
        values: Integer, how many values its layers return: the traffic of its memory.
        parameters: Integer.
    """

    size: int
    macs: int
    values: int
    parameters: int

    def microseconds(self, device: str) -> float:
        """An estimate of how long a reconstruction takes on a microcontroller.

        It is no measurement: cycles are (multiply-adds x cycles for each) + (values x cycles for
        each), whatever waits for memory. Expect it to be right within a factor of two, and to rank
        models better than that.

        Args:
            device: String, one of `DEVICES`: `"cortex-m4"` at 120 MHz with 3.4 cycles for a
                multiply-add of int8, `"cortex-m7"` at 216 MHz with 1.7, `"cortex-m55"` at 160 MHz
                with 0.43.

        Returns:
            Float, microseconds.

        Example:

        >>> costs = Costs(size=0, macs=12_300_000, values=0, parameters=0)
        >>> round(costs.microseconds("cortex-m7") / 1000)
        97

        Reference:
            The Cortex-M7: Lai, Suda and Chandra, "CMSIS-NN: Efficient Neural Network Kernels for
            Arm Cortex-M CPUs", 2018, arXiv:1801.06601, whose network for CIFAR-10 took 99.1 ms.
            Others are derived from it by their peaks.
        """
        mhz, per_mac, per_value = DEVICES[device]
        return (self.macs * per_mac + self.values * per_value) / mhz


def counted(ae: Autoencoder) -> Costs:
    """Counts what a model costs in int8.

    Args:
        ae: `aezoo.Autoencoder` of dense layers and convolutions; trained or not.

    Returns:
        `Costs`.

    Example:

    >>> import aezoo
    >>> costs = counted(aezoo.vanilla(100, 10))
    >>> costs.macs, costs.parameters
    (2000, 2110)
    """
    size, macs, values = FILE, 0, 0
    for part in (ae.encoder, ae.decoder):
        for layer in part.layers:
            shape = layer.output.shape[1:]
            kernel = getattr(layer, "kernel", None)
            if kernel is None:
                values += isinstance(layer, layers.Add) and math.prod(shape)
                continue
            transposed = isinstance(layer, TRANSPOSED)
            places = layer.input.shape[1:-1] if transposed else shape[:-1]
            weights = math.prod(kernel.shape)
            macs += weights * math.prod(places)
            values += math.prod(shape)
            # The scale of a code is another where it comes from outside, and with it that of the
            # biases added to what is made of it, which are stored twice.
            stored = 2 if part is ae.decoder and layer.input is part.inputs[0] else 1
            size += weights + 4 * shape[-1] * stored + LAYER + TRANSPOSITION * transposed
    return Costs(size, macs, values, ae.encoder.count_params() + ae.decoder.count_params())
