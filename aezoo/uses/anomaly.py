"""A scikit-learn outlier detector made of an autoencoder."""

import os
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from aezoo.autoencoder import Autoencoder
from aezoo.data.accepted import accepted
from aezoo.data.columns import Columns
from aezoo.data.samples import DataError
from aezoo.data.streams import Stream
from aezoo.edge import LiteModel
from aezoo.export import ExportReport, export_detector
from aezoo.uses import networks, splits, stored, streamed, thresholds
from aezoo.uses.arguments import check_arguments, method_of
from aezoo.uses.calibration import Calibrated, threshold_of
from aezoo.uses.scores import as_new, drawn, fit_scoring

TRAINED = (Autoencoder, LiteModel)  # taken as they are


class AnomalyDetector(Calibrated, OutlierMixin, BaseEstimator):
    """Tells what is unlike the samples it was fitted to.

    An autoencoder learns what values go together; how badly it rebuilds a sample, and how far the
    sample is from those known, make its score. The score is a sum over the features, so that each
    one's part is known (`contributions`), and `export` takes it to a device with its threshold.

    Follows scikit-learn's outlier detectors: `fit`, `predict` (1 for normal, -1 for anomalous),
    and `score_samples` and `decision_function`, in which lower is odder. In `anomaly_score` and
    `threshold_` higher is odder: `score_samples = -anomaly_score`, `offset_ = -threshold_`,
    `decision_function = threshold_ - anomaly_score`.

    Args:
        model: `None` for a model that suits the data, and is trained on them; the name of a
            family, such as `"conv"`, likewise trained; or a trained `aezoo.Autoencoder` or
            `aezoo.LiteModel`, which is taken as it is.
        contamination: What is known of the samples to fit: 0, all are normal; a float in (0, 0.5],
            the share of anomalies among them; or `"auto"`, nothing. Of a share, half again as many
            samples, those which an isolation forest finds oddest, are left out of the training
            and of the neighbours. With `"auto"` an eighth is, but stays among the neighbours for
            half of the distances.
        scoring: `"auto"`, `"error"`, `"scaled_error"`, `"mahalanobis"` or `"neighbors"`, see
            `aezoo.uses.scores.fit_scoring`.
        threshold: `"percentile"`, which `false_alarm_rate` of the fifth of the samples exceed that
            the network is not trained on; `"sigma"`, their mean score plus three standard
            deviations; `"contamination"`, which the share `contamination` of all samples exceeds;
            `"conformal"`, which promises `false_alarm_rate` and sets a fifth of the samples aside
            that nothing else is done with, see `aezoo.uses.thresholds.conformal`; a number; or
            `"auto"`: `"contamination"` if a share is given, else `"percentile"`.
        false_alarm_rate: Float in (0, 1), how many of normal samples may be flagged.
        n_neighbors: Positive integer, how many neighbours count.
        n_references: Integer, 2 or more, the most samples that are kept to be neighbours. On a
            device each takes one or two bytes a feature.
        missing: `"refuse"` for an error, or `"median"` to fill in what is missing, see
            `aezoo.data.columns.Columns`.
        epochs: Positive integer, or `None` for 600 batches of 64, however many samples there are.
        random_state: Integer, NumPy `RandomState` or `None`, as in scikit-learn. Keras's global
            seed is set from it.
        verbose: As in `keras.Model.fit`.

    Attributes:
        model_: `aezoo.Autoencoder` or `aezoo.LiteModel`.
        scoring_: `aezoo.edge.Scoring`, in normalized units.
        threshold_: Float, the score above which a sample is an anomaly.
        offset_: Float, `-threshold_`.
        calibration_scores_: float array of shape `(m,)`, the scores that p-values come from: of
            samples that the network was not trained on.
        calibration_weights_: float array of shape `(m,)`, how many each of them stands for, or
            `None` for one.
        calibrated_: Boolean, whether they are of samples that nothing else was done with.
        threshold_error_: Float, by how much the share of a stream's samples above the threshold
            may be off what was asked for, with a confidence of 99 %: 5e-5, or 0 of few, and of
            what is no stream.
        columns_: `aezoo.data.columns.Columns`, how tables become numbers.
        n_features_in_, feature_names_in_: As in scikit-learn.

    Raises:
        ValueError: In `fit` and all that follows, for arguments out of their range and data that
            cannot be used.

    Example:

    >>> import aezoo, numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 2)) @ [[1, 2, 3], [3, 2, 1]]  # x1 is the mean of x0 and x2
    >>> detector = aezoo.AnomalyDetector(contamination=0, epochs=20, random_state=0).fit(x)
    >>> detector.predict([[1, 1, 1], [3, -6, 3]]).tolist()
    [1, -1]
    >>> int(detector.contributions([[3, -6, 3]]).argmax())
    1

    Reference:
        Sakurada and Yairi, "Anomaly Detection Using Autoencoders with Nonlinear Dimensionality
        Reduction", MLSDA 2014; Ramaswamy et al., "Efficient Algorithms for Mining Outliers from
        Large Data Sets", SIGMOD 2000.
    """

    def __init__(
        self,
        model: Any = None,
        *,
        contamination: float | str = "auto",
        scoring: str = "auto",
        threshold: float | str = "auto",
        false_alarm_rate: float = 0.01,
        n_neighbors: int = 5,
        n_references: int = 4096,
        missing: str = "refuse",
        epochs: int | None = None,
        random_state: Any = None,
        verbose: Any = 0,
    ):
        self.model = model
        self.contamination = contamination
        self.scoring = scoring
        self.threshold = threshold
        self.false_alarm_rate = false_alarm_rate
        self.n_neighbors = n_neighbors
        self.n_references = n_references
        self.missing = missing
        self.epochs = epochs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803, as in scikit-learn
        """Learns what is usual.

        Args:
            X: Array of shape `(n, features)` or `(n, *sample_shape)`; a pandas table, of which
                columns of text or categories become one column a category; or an `aezoo.Stream`,
                see `aezoo.uses.streamed.fit`, of which thresholds are known to `threshold_error_`.
            y: Ignored.

        Returns:
            The detector.
        """
        check_arguments(self)
        x = None if isinstance(X, Stream) else self._learned_columns(X)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        rng = np.random.default_rng(seed)
        if x is None:
            return streamed.fit(self, X, seed, rng, TRAINED)
        promised = np.zeros(len(x), bool)
        if self.threshold == "conformal":
            promised = splits.aside(len(x), rng)
            thresholds.conformal(np.zeros(promised.sum()), self.false_alarm_rate)  # or too few
        fitted = x[~promised]
        groups = splits.groups(fitted, self.contamination, rng)
        unseen = self._unseen(len(fitted), rng)
        self.model_ = self._trained(fitted, groups[-1], unseen, seed)
        z, rebuilt = networks.outputs(self.model_, fitted)
        kept = drawn(groups, self.n_references, rng)
        self.scoring_ = fit_scoring(
            z,
            rebuilt,
            self.scoring,
            groups=groups,
            unseen=unseen,
            kept=kept,
            n_neighbors=self.n_neighbors,
        )
        self.calibrated_ = bool(promised.any())
        if self.calibrated_:
            self.calibration_scores_ = self._scores(x[promised])
        else:
            known = np.isin(np.flatnonzero(unseen), kept)
            self.calibration_scores_ = as_new(self.scoring_, z[unseen], rebuilt[unseen], known)
        self.calibration_weights_, self.threshold_error_ = None, 0.0
        self.false_alarm_rate_ = float(self.false_alarm_rate)
        self.threshold_ = self._first_threshold(z, rebuilt)
        return self

    def anomaly_score(self, X: Any) -> np.ndarray:  # noqa: N803
        """How odd samples are: about 1 is usual, higher is odder.

        Args:
            X: As in `fit`, of shape `(n, ...)`. Of a stream samples come as they lie there, and
                the scores alone are held in memory.

        Returns:
            float array of shape `(n,)`.
        """
        return self._scores(self._encoded(X)).astype("float64")

    def contributions(self, X: Any) -> np.ndarray:  # noqa: N803
        """What each feature, pixel or step adds to the score.

        Args:
            X: As in `fit`, of shape `(n, ...)`.

        Returns:
            float32 array of the shape of `X`, 0 or more, which sums to `anomaly_score`. Of a
            table's categories there is one for the column.
        """
        if isinstance(X, Stream):
            raise ValueError(
                "Contributions take as much memory as samples: ask for those of some at a time, "
                f"for x in stream.arrays(): detector.contributions(x). Received: {X}"
            )
        x = self._encoded(X)
        parts = streamed.by_piece(self.model_, self.scoring_.contributions, x)
        return self.columns_.merge(np.concatenate(list(parts)))

    def save(self, path: str | os.PathLike) -> None:
        """Writes the detector into a folder, which `load` reads.

        Args:
            path: String or path of the folder, which must not exist.

        Raises:
            FileExistsError: If it exists.
        """
        check_is_fitted(self, "scoring_")
        stored.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "AnomalyDetector":
        """Reads a detector that `save` wrote.

        Args:
            path: String or path of the folder, or `"ecg5000"`, a pretrained detector of abnormal
                heartbeats, see the README of `saved_models/detector-ecg5000`.

        Returns:
            The detector, fitted.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If a file is damaged, or of another detector.
        """
        return stored.load(cls, path)

    def export(
        self,
        path: str | os.PathLike,
        *,
        quantize: str | None = None,
        calibration_data: Any = None,
        samples: Any = None,
        target: str | None = None,
    ) -> ExportReport:
        """Writes model, score and threshold into one file for a device.

        Args:
            path: String or path of the `.tflite` file, which `aezoo.edge.Detector` reads; for
                microcontrollers of a folder.
            quantize: `None` for float32, `"float16"`, `"dynamic"` or `"int8"`.
            calibration_data: As in `fit`: normal samples, by whose scores in the file the threshold
                is set anew, best those that it was set on. Default: the neighbours.
            samples: As in `fit`: normal samples to measure false alarms on.
            target: `None`, or `"micro"` for microcontrollers: C sources that judge in integers.

        Returns:
            `aezoo.ExportReport`, see `aezoo.export.export_detector`, which has the details.
        """
        check_is_fitted(self, "scoring_")
        return export_detector(
            self,
            path,
            quantize=quantize,
            calibration_data=calibration_data,
            samples=samples,
            target=target,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "median"
        return tags

    def _learned_columns(self, X):  # noqa: N803
        self.columns_ = Columns(self.missing).fit(X, owner=self)
        x = self.columns_.transform(X, owner=self)
        if len(x) < 2:
            raise DataError(f"Found array with {len(x)} sample(s), a minimum of 2 is required.")
        if (x == x[0]).all():
            raise DataError("All samples are alike: nothing can be learned from them.")
        return x

    def _encoded(self, X):  # noqa: N803
        check_is_fitted(self, "scoring_")
        if isinstance(X, Stream):
            return accepted(self.columns_, X)
        return self.columns_.transform(X, owner=self)

    def _trained(self, x, trusted, unseen, seed):
        seen = trusted & ~unseen
        return networks.trained(
            self.model,
            x,
            self._untrained,
            kinds=TRAINED,
            seen=seen if seen.any() else trusted,  # of two or three samples
            epochs=self.epochs,
            seed=seed,
            verbose=self.verbose,
        )

    def _untrained(self, shape, bounded):
        return networks.suitable(self.model, shape, bounded=bounded)

    def _unseen(self, count, rng):
        """Samples to judge by: what the network has seen, it rebuilds better."""
        if isinstance(self.model, TRAINED):  # whose training is not known
            return np.ones(count, bool)
        return splits.aside(count, rng)

    def _scores(self, x):
        return np.concatenate(list(self._pieces(x)))

    def _pieces(self, x):
        return streamed.by_piece(self.model_, self.scoring_.score, x)

    def _first_threshold(self, z, rebuilt):
        method = method_of(self)
        if not isinstance(method, str):
            return float(method)
        if method == "contamination":  # of all samples, as scikit-learn has it
            return thresholds.share(self.scoring_.score(z, rebuilt), self.contamination)
        return threshold_of(method, self.calibration_scores_, self.false_alarm_rate)
