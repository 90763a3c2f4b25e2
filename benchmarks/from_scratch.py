"""The network that tutorials write by hand: dense layers and backpropagation in plain NumPy."""

import itertools

import numpy as np


class Network:
    """Dense layers with ReLU between them and a sigmoid at the end.

    Args:
        sizes: Sequence of integers, the units of each layer, input and output included.
        seed: Integer, of the weights: Glorot and Bengio's uniform distribution, AISTATS 2010.
    """

    def __init__(self, sizes, seed=0):
        rng = np.random.default_rng(seed)
        self.kernels, self.biases = [], []
        for fan_in, fan_out in itertools.pairwise(sizes):
            limit = np.sqrt(6 / (fan_in + fan_out))
            self.kernels.append(rng.uniform(-limit, limit, (fan_in, fan_out)).astype("float32"))
            self.biases.append(np.zeros(fan_out, "float32"))

    def forward(self, x):
        """The values of every layer, (B, N) each, the input first."""
        values = [x]
        for i, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True), start=1):
            sums = values[-1] @ kernel
            sums += bias
            if i < len(self.kernels):
                np.maximum(sums, 0, out=sums)
            else:  # 1 / (1 + exp(-sums)), in place
                np.negative(sums, out=sums)
                np.exp(sums, out=sums)
                sums += 1
                np.reciprocal(sums, out=sums)
            values.append(sums)
        return values

    def step(self, x, rate):
        """One step of gradient descent.

        The loss is half the squared error, summed over values and averaged over samples.
        """
        values = self.forward(x)
        output = values[-1]
        upstream = output - x
        upstream *= output
        upstream *= 1 - output
        upstream *= rate / len(x)
        for i in reversed(range(len(self.kernels))):
            kernel_step = values[i].T @ upstream
            bias_step = upstream.sum(axis=0)
            if i:
                upstream = upstream @ self.kernels[i].T
                upstream *= values[i] > 0
            self.kernels[i] -= kernel_step
            self.biases[i] -= bias_step

    def fit(self, x, rate, batch_size=128, seed=0):
        """One epoch, in a random order.

        Args:
            x: Array of shape `(n, N)`.
            rate: Float, the learning rate.
            batch_size: Integer.
            seed: Integer, of the order.
        """
        order = np.random.default_rng(seed).permutation(len(x))
        for begin in range(0, len(x), batch_size):
            self.step(x[order[begin : begin + batch_size]], rate)

    def error(self, x):
        """The mean squared error over all values of x, `(n, N)`."""
        return float(np.mean(np.square(self.forward(x)[-1] - x)))
