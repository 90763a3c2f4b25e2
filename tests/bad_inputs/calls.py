"""What people give to functions by mistake, and words of the sentence that each mistake gets."""

import functools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import aezoo
from aezoo import edge, evaluation, scale
from tests.bad_inputs.fitting import IMAGES, X, deep, image, scaled

GAPS = np.where(X > 0.9, np.nan, X)
ODD = np.arange(40) % 2
FOLDER = tempfile.TemporaryDirectory(prefix="aezoo-bad-inputs-")  # gone with the process
HERE = Path(FOLDER.name)


@functools.cache
def codebook():
    return aezoo.vector_quantized((8, 8, 1), 2, num_embeddings=4, backbone="dense", hidden_units=4)


@functools.cache
def unet():
    return aezoo.denoising((16, 16, 1), backbone="unet", filters=(4, 8))


@functools.cache
def detector():
    return aezoo.AnomalyDetector(deep(), random_state=0).fit(X)


@functools.cache
def series():
    return aezoo.TimeSeriesDetector(4, epochs=1, random_state=0).fit(X)


@functools.cache
def transformer():
    return aezoo.CodeTransformer(deep()).fit(X)


@functools.cache
def lite():
    aezoo.export_tflite(deep(), HERE / "deep.tflite", samples=X)
    return aezoo.LiteModel(HERE / "deep.tflite")


@functools.cache
def judge():
    detector().export(HERE / "detector.tflite", calibration_data=X)
    return edge.Detector(HERE / "detector.tflite")


@functools.cache
def compressed():
    return aezoo.compress(deep(), X)


def file(name, content=b"no such thing"):
    (HERE / name).write_bytes(content)
    return HERE / name


def table(name="table.parquet"):
    pd.DataFrame(X, columns=list("abcde")).to_parquet(HERE / name)
    return HERE / name


def detect(**options):
    return lambda: aezoo.AnomalyDetector(**options).fit(X)


def over_time(*window, **options):
    return lambda: aezoo.TimeSeriesDetector(*window, **options).fit(X)


def tflite(**options):
    return lambda: aezoo.export_tflite(deep(), HERE / "new.tflite", **options)


def archive(**options):
    return lambda: scale.score(table(), deep(), HERE / "scored", **options)


BUILD = {
    "an unknown family": (lambda: aezoo.build("cnv"), "cnv.*conv"),
    "no family": (lambda: aezoo.build(None), "None"),
    "a family of numbers": (lambda: aezoo.build(3), "3"),
    "a shape of zero": (lambda: aezoo.deep(0, 2), "input_shape.*0"),
    "a negative shape": (lambda: aezoo.deep((-1,), 2), "input_shape.*-1"),
    "a shape in words": (lambda: aezoo.deep("28x28", 2), "input_shape.*28x28"),
    "a shape of nothing": (lambda: aezoo.deep((), 2), "input_shape.*()"),
    "a shape of halves": (lambda: aezoo.deep((2.5,), 2), "input_shape.*2.5"),
    "a shape with a batch": (lambda: aezoo.deep((None, 5), 2), "input_shape.*None"),
    "no shape": (lambda: aezoo.deep(None, 2), "input_shape.*None"),
    "a code of nothing": (lambda: aezoo.deep(5, 0), "latent_dim.*0"),
    "a code in words": (lambda: aezoo.deep(5, "two"), "latent_dim.*two"),
    "half a code": (lambda: aezoo.deep(5, 1.5), "latent_dim.*1.5"),
    "no code": (lambda: aezoo.deep(5, None), "latent_dim.*None"),
    "an unknown option": (lambda: aezoo.deep(5, 2, hiden_units=3), "hiden_units.*hidden_units"),
    "an option of another": (lambda: aezoo.vanilla(5, 2, dropout=0.1), "dropout"),
    "layers of nothing": (lambda: aezoo.deep(5, 2, hidden_units=(0,)), "hidden_units.*0"),
    "layers in words": (lambda: aezoo.deep(5, 2, hidden_units="many"), "hidden_units.*many"),
    "all dropped": (lambda: aezoo.deep(5, 2, dropout=1), "dropout.*1"),
    "a dropout in words": (lambda: aezoo.deep(5, 2, dropout="a"), "dropout.*a"),
    "a negative penalty": (lambda: aezoo.deep(5, 2, l2=-1), "l2.*-1"),
    "an unknown activation": (lambda: aezoo.deep(5, 2, activation="rleu"), "activation.*rleu"),
    "no activation": (lambda: aezoo.deep(5, 2, activation=3), "activation.*3"),
    "an unknown output": (lambda: aezoo.deep(5, 2, output_activation="rleu"), "rleu"),
    "an unknown normalization": (lambda: aezoo.deep(5, 2, normalization="z"), "normalization.*z"),
    "a normalization of numbers": (lambda: aezoo.deep(5, 2, normalization=1), "normalization.*1"),
    "blocks below none": (lambda: aezoo.deep(5, 2, blocks=-1), "blocks.*-1"),
    "a linear path in words": (lambda: aezoo.deep(5, 2, linear_path="yes"), "linear_path.*yes"),
    "batch normalization in words": (
        lambda: aezoo.deep(5, 2, batch_normalization="yes"),
        "batch_normalization.*yes",
    ),
    "vectors by convolutions": (lambda: aezoo.conv(5, 2), "spatial|signals"),
    "filters of nothing": (lambda: aezoo.conv((8, 8, 1), 2, filters=()), "filters"),
    "a kernel of nothing": (lambda: aezoo.conv((8, 8, 1), 2, kernel_size=0), "kernel_size.*0"),
    "an unknown bottleneck": (lambda: aezoo.conv((8, 8, 1), 2, bottleneck="x"), "bottleneck.*x"),
    "an unknown backbone": (lambda: aezoo.sparse(5, 2, backbone="rnn"), "backbone.*rnn"),
    "an unknown corruption": (lambda: aezoo.denoising(5, 2, corruption="dirt"), "corruption.*dirt"),
    "a negative deviation": (lambda: aezoo.denoising(5, 2, stddev=-1), "stddev.*-1"),
    "a rate above one": (lambda: aezoo.denoising(5, 2, corruption="masking", rate=2), "rate.*2"),
    "all masked": (lambda: aezoo.masked((8, 8, 1), 2, mask_ratio=1), "mask_ratio.*1"),
    "a patch of nothing": (lambda: aezoo.masked((8, 8, 1), 2, patch_size=0), "patch_size.*0"),
    "an unknown sparsity": (lambda: aezoo.sparse(5, 2, sparsity="l0"), "sparsity.*l0"),
    "more than all": (lambda: aezoo.sparse(5, 2, sparsity="top_k", k=3), "k must.*3"),
    "a negative weight": (lambda: aezoo.contractive(5, 2, weight=-1), "weight.*-1"),
    "no beta": (lambda: aezoo.variational(5, 2, beta=0), "beta.*0"),
    "an unknown likelihood": (lambda: aezoo.variational(5, 2, likelihood="p"), "likelihood.*p"),
    "negative bits": (lambda: aezoo.variational(5, 2, free_bits=-1), "free_bits.*-1"),
    "a negative temperature": (lambda: aezoo.gumbel(5, 2, temperature=-1), "temperature.*-1"),
    "a temperature that rises": (
        lambda: aezoo.gumbel(5, 2, temperature=0.5, final_temperature=1),
        "final_temperature.*at most 0.5.*1",
    ),
    "one category": (lambda: aezoo.gumbel(5, 2, categories=1), "categories.*1"),
    "a discriminator of no width": (
        lambda: aezoo.factor(5, 2, discriminator_units=(0,)),
        "discriminator_units.*0",
    ),
    "no discriminator": (lambda: aezoo.adversarial(5, 2, discriminator_units=()), "one layer"),
    "an estimator without its data": (
        lambda: aezoo.total_correlation(5, 2, estimator="stratified"),
        "give samples",
    ),
    "an option of another penalty": (
        lambda: aezoo.regularized(5, 2, smoothness="spectral", weight=1),
        "weight is of no use.*spectral",
    ),
    "less than nothing": (lambda: aezoo.info(5, 2, alpha=0, weight=0.5), "weight.*0.5"),
    "an unknown kernel": (lambda: aezoo.wasserstein(5, 2, kernel="k"), "kernel.*k"),
    "no draws": (lambda: aezoo.importance_weighted(5, 2, draws=0), "draws.*0"),
    "more levels than numbers": (lambda: aezoo.hierarchical(5, 2, levels=3), "3 levels.*2"),
    "no pseudo-inputs": (lambda: aezoo.vamp(5, 2, pseudo_inputs=0), "pseudo_inputs.*0"),
    "a sphere of one number": (lambda: aezoo.hyperspherical(5, 1), "2 numbers.*1"),
    "an unknown covariance": (lambda: aezoo.disentangled(5, 2, covariance="c"), "covariance.*c"),
    "an unknown cell": (lambda: aezoo.recurrent((5, 1), 2, cell="rnn"), "cell.*rnn"),
    "no dilations": (lambda: aezoo.temporal((5, 1), 2, dilations=()), "dilations"),
    "an empty codebook": (
        lambda: aezoo.vector_quantized(5, 2, num_embeddings=0),
        "num_embeddings.*0",
    ),
    "an unknown quantizer": (lambda: aezoo.vector_quantized(5, 2, quantizer="q"), "quantizer.*q"),
    "a negative rate": (lambda: aezoo.compressive(5, 2, rate=-1), "rate.*-1"),
    "unknown weights": (lambda: aezoo.build("deep", weights="nothing"), "nothing.*digits"),
    "weights of numbers": (lambda: aezoo.build("deep", weights=3), "PathLike.*int"),
    "weights of another shape": (lambda: aezoo.build("deep", 5, weights="digits"), "shape.*5"),
    "a family without a name": (lambda: aezoo.register(3), "3"),
    "parts that are no models": (lambda: aezoo.Autoencoder(None, None), "encoder.*None"),
    "parts that do not fit": (lambda: aezoo.Autoencoder(deep().encoder, image().decoder), "decode"),
    "an unknown backbone to build": (lambda: aezoo.backbones.build("rnn", 5, 2), "rnn"),
}
MODELS = {
    "codes of three": (lambda: deep().decode(np.zeros((1, 3))), r"\(n, 2\).*\(1, 3\)"),
    "codes with gaps": (lambda: deep().decode([[np.nan, 0]]), "NaN"),
    "nothing to adapt": (lambda: deep().adapt(X), "normalization"),
    "gaps to adapt to": (lambda: scaled().adapt(GAPS), "NaN"),
    "one step": (lambda: deep().interpolate(X[0], X[1], steps=1), "steps.*1"),
    "steps in words": (lambda: deep().interpolate(X[0], X[1], steps="a"), "steps.*a"),
    "ends that are many": (lambda: deep().interpolate(X, X), r"\(5,\).*\(40, 5\)"),
    "ends of places": (lambda: codebook().interpolate(IMAGES[0], IMAGES[1]), "discrete"),
    "no samples": (lambda: deep().sample(0, x=X), r"\bn\b.*0"),
    "an unknown sampler": (lambda: deep().sample(2, "flow", x=X), "sampler.*flow"),
    "a sampler without samples": (lambda: deep().sample(2), "give x"),
    "a negative seed": (lambda: deep().sample(2, x=X, seed=-1), "seed.*-1"),
    "a seed in words": (lambda: deep().sample(2, x=X, seed="a"), "seed.*a"),
    "places beyond": (lambda: codebook().decode_indices([[99]]), "99|indices"),
    "nothing to load": (lambda: aezoo.load_model(HERE / "none.keras"), "none.keras"),
    "a model that is none": (lambda: aezoo.load_model(file("text.keras")), "text.keras"),
    "a model of numbers": (lambda: aezoo.load_model(3), "PathLike.*int"),
    "a folder as a model": (lambda: aezoo.load_model(HERE), "aezoo-bad-inputs"),
}
DATA = {
    "a file that is missing": (lambda: aezoo.load_dataset("./none.npy"), "none.npy"),
    "data of numbers": (lambda: aezoo.load_dataset(3), "3"),
    "no data": (lambda: aezoo.load_dataset(None), "None"),
    "an unknown split": (lambda: aezoo.load_dataset("digits", "tset"), "split.*tset"),
    "an unknown name": (lambda: aezoo.load_dataset("digts"), "digts"),
    "text as an array": (lambda: aezoo.load_dataset(file("text.npy")), "text.npy"),
    "text as an archive": (lambda: aezoo.load_dataset(file("text.npz")), "text.npz"),
    "an empty table": (lambda: aezoo.load_dataset(file("empty.csv", b"")), "empty.csv"),
    "a table of names": (lambda: aezoo.load_dataset(file("names.csv", b"a,b\n")), "names.csv"),
    "a size of nothing": (lambda: aezoo.load_dataset("digits", size=0), "size.*0"),
    "a window of nothing": (lambda: aezoo.load_dataset("digits", window=0), "window.*0"),
    "an unknown colour": (lambda: aezoo.load_dataset("digits", color="red"), "color.*red"),
    "a stream of digits": (lambda: aezoo.load_dataset("digits", stream=True), "stream"),
    "shifts beyond images": (
        lambda: aezoo.augmentation.shifted(IMAGES, 4, max_shift=9),
        "max_shift.*9",
    ),
    "tables that are shifted": (lambda: aezoo.augmentation.shifted(X, 4, 1), r"\(5,\)"),
    "batches of nothing": (lambda: aezoo.augmentation.shifted(IMAGES, 0, 1), "batch_size.*0"),
}
EVALUATION = {
    "a model that is none": (lambda: aezoo.evaluate(None, X), "Autoencoder.*None"),
    "samples that do not fit": (lambda: aezoo.evaluate(deep(), X[:, :3]), r"\(n, 5\)"),
    "training samples that do not": (lambda: aezoo.evaluate(deep(), X, X[:, :3]), r"\(n, 5\)"),
    "labels that are missing": (lambda: aezoo.probe(deep(), X, None, X, ODD), "y=None"),
    "too few labels": (lambda: aezoo.probe(deep(), X, ODD[:3], X, ODD), "3"),
    "no draws": (lambda: aezoo.probe(deep(), X, ODD, X, ODD, draws=0), "draws.*0"),
    "labels of none": (lambda: aezoo.probe(deep(), X, ODD, X, ODD, labels=[0]), "labels.*0"),
    "labels in words": (lambda: aezoo.probe(deep(), X, ODD, X, ODD, labels=["a"]), "labels.*a"),
    "one row": (lambda: evaluation.likeness(X[:1], X), r"real.*\(1, 5\)"),
    "rows with gaps": (lambda: evaluation.likeness(X, GAPS), "generated.*finite"),
    "texts as features": (lambda: evaluation.likeness([["a"]], X), "real"),
    "features in other numbers": (lambda: evaluation.likeness(X, X[:, :2]), "5, 2"),
    "a neighbour of nothing": (lambda: evaluation.likeness(X, X, 0), "neighbor.*0"),
    "a neighbour beyond": (lambda: evaluation.likeness(X, X, 40), "neighbor.*40"),
    "two shapes": (lambda: evaluation.nearest(X, X[:, :2]), r"\(40, 2\)"),
    "gaps among": (lambda: evaluation.nearest(X, GAPS), "among.*finite|NaN"),
    "walks of places": (lambda: evaluation.traversals(codebook(), IMAGES), "codebook"),
    "walks of one step": (lambda: evaluation.traversals(deep(), X, steps=1), "steps.*1"),
    "walks of no unit": (lambda: evaluation.traversals(deep(), X, units=0), "units.*0"),
    "walks to nowhere": (lambda: evaluation.traversals(deep(), X, extent=0), "extent.*0"),
    "units of one sample": (lambda: evaluation.unit_statistics(deep(), X[:1]), "two|2"),
    "a gap of one unit": (lambda: evaluation.mutual_information_gap(X[:, :1], X), "two units"),
    "a gap of others": (lambda: evaluation.mutual_information_gap(X, X[:3]), r"\(40, .*\(3, "),
    "a map without a side": (lambda: evaluation.decoded_grid(deep(), X, 0), "side.*0"),
    "features of tables": (lambda: evaluation.class_features(X), r"\(28, 28, 1\)|28"),
    "an unknown classifier": (lambda: evaluation.class_features(IMAGES, "cats"), "cats.*mnist"),
}
USES = {
    "a model of numbers": (detect(model=3), "model.*3"),
    "an unknown model": (detect(model="cnv"), "cnv.*conv"),
    "all anomalies": (detect(contamination=0.9), "contamination.*0.9"),
    "anomalies in words": (detect(contamination="few"), "contamination.*few"),
    "an unknown scoring": (detect(scoring="eror"), "scoring.*eror"),
    "an unknown threshold": (detect(threshold="high"), "threshold.*high"),
    "alarms always": (detect(false_alarm_rate=1), "false_alarm_rate.*1"),
    "no neighbours": (detect(n_neighbors=0), "n_neighbors.*0"),
    "one reference": (detect(n_references=1), "n_references.*1"),
    "an unknown filling": (detect(missing="zero"), "missing.*zero"),
    "no epochs": (detect(epochs=0), "epochs.*0"),
    "a state in words": (detect(random_state="a"), "a"),
    "one sample": (lambda: aezoo.AnomalyDetector().fit(X[:1]), "1 sample"),
    "gaps to fit": (lambda: aezoo.AnomalyDetector().fit(GAPS), "NaN"),
    "nothing to fit": (lambda: aezoo.AnomalyDetector().fit(None), "None|array"),
    "all alike": (lambda: aezoo.AnomalyDetector().fit(np.ones((9, 3))), "alike"),
    "not fitted": (lambda: aezoo.AnomalyDetector().predict(X), "not fitted"),
    "too few to promise": (detect(model=deep(), threshold="conformal"), "calibrat|samples"),
    "other columns": (lambda: detector().predict(X[:, :4]), "4 features.*5"),
    "gaps to judge": (lambda: detector().anomaly_score(GAPS), "NaN"),
    "no detector": (lambda: aezoo.AnomalyDetector.load(HERE / "nothing"), "nothing"),
    "a detector where one is": (lambda: detector().save(HERE), "exist"),
    "calibration at zero": (
        lambda: detector().calibrate(X, false_alarm_rate=0),
        "false_alarm_rate",
    ),
    "a window of nothing": (over_time(0), "window.*0"),
    "a window in words": (over_time("long"), "window.*long"),
    "a stride of nothing": (over_time(4, stride=0), "stride.*0"),
    "a window beyond": (over_time(60), "60"),
    "an unknown option": (over_time(4, scorin="error"), "scorin"),
    "other channels": (lambda: series().predict(X[:, :2]), "5.*2|2.*5"),
    "a step of two": (lambda: series().update([1, 2]), "5"),
    "a step with gaps": (lambda: series().update([np.nan] * 5), "NaN|finite"),
    "labels of two": (lambda: series().evaluate(X, [0, 2]), "label"),
    "codes of nothing": (lambda: aezoo.CodeTransformer(latent_dim=0).fit(X), "latent_dim.*0"),
    "a transformer of 3": (lambda: aezoo.CodeTransformer(3).fit(X), "model.*3"),
    "codes before fit": (lambda: aezoo.CodeTransformer().transform(X), "not fitted"),
    "codes that do not fit": (lambda: transformer().inverse_transform(X), r"2.*\(40, 5\)"),
    "a step of zero": (lambda: aezoo.compress(deep(), X, step=0), "step.*0"),
    "a negative rate": (lambda: aezoo.compress(deep(), X, bits_per_pixel=-1), "bits_per_pixel.*-1"),
    "both": (lambda: aezoo.compress(deep(), X, step=1, bits_per_pixel=1), "not both"),
    "a compressor of 3": (lambda: aezoo.compress(3, X), "model.*int"),
    "samples too wide": (lambda: aezoo.compress(deep(), X[:, :3]), r"\(n, 5\)"),
    "no bytes": (lambda: aezoo.decompress(b"", deep()), "compress|bytes|short"),
    "text for bytes": (lambda: aezoo.decompress("abc", deep()), "bytes.*str|abc"),
    "bytes cut": (lambda: aezoo.decompress(compressed()[:-9], deep()), "damaged|short|cut"),
    "bytes of another": (lambda: aezoo.decompress(compressed(), scaled()), "Another model"),
    "noise out of codes": (lambda: aezoo.denoise(deep(), X), "unet"),
    "noise out of nothing": (lambda: aezoo.denoise(unet(), None), "photograph.*"),
    "noise out of text": (lambda: aezoo.denoise(unet(), "a.png"), "photograph"),
    "a tile of nothing": (lambda: aezoo.denoise(unet(), IMAGES[0], tile=0), "tile.*0"),
    "a negative margin": (lambda: aezoo.denoise(unet(), IMAGES[0], margin=-1), "margin.*-1"),
    "all of them": (lambda: aezoo.denoise(unet(), IMAGES[0], ensemble="all"), "ensemble.*all"),
    "a photograph with gaps": (lambda: aezoo.denoise(unet(), X * np.nan), "finite"),
    "an odd size": (lambda: aezoo.resized(unet(), 17), "size.*17"),
    "a size in words": (lambda: aezoo.resized(unet(), "big"), "size.*big"),
    "another size of codes": (lambda: aezoo.resized(deep(), 16), "unet"),
}
EXPORTS = {
    "a model that is none": (lambda: aezoo.export_tflite(None, HERE / "new.tflite"), "None"),
    "another ending": (lambda: aezoo.export_tflite(deep(), HERE / "new.txt"), r"\.tflite"),
    "a path of numbers": (lambda: aezoo.export_tflite(deep(), 3), "PathLike.*int"),
    "an unknown precision": (tflite(quantize="int7"), "int7"),
    "a precision of numbers": (tflite(quantize=8), "quantize.*8"),
    "no calibration": (tflite(quantize="int8"), "calibration_data"),
    "calibration too wide": (tflite(quantize="int8", calibration_data=X[:, :3]), r"\(n, 5\)"),
    "samples too wide": (tflite(samples=X[:, :3]), r"\(n, 5\)"),
    "an unknown signature": (tflite(signatures=("encod",)), "encod"),
    "no signature": (tflite(signatures=()), "signatures"),
    "a batch of nothing": (tflite(batch_size=0), "batch_size.*0"),
    "an unknown end": (tflite(io="int4"), "io.*int4"),
    "an unknown target": (tflite(target="arduino"), "target.*arduino"),
    "a negative tolerance": (tflite(tolerance=-1), "tolerance.*-1"),
    "fine-tuning of floats": (tflite(fine_tune=X), "quantize.*None"),
    "a negative number of epochs": (
        tflite(quantize="int8", calibration_data=X, fine_tune=X, fine_tune_epochs=-1),
        "epochs.*-1",
    ),
    "no statistics": (lambda: aezoo.export_tflite(scaled(), HERE / "n.tflite"), "adapt"),
    "SavedModel of nothing": (lambda: aezoo.export_saved_model(None, HERE / "s"), "None"),
    "SavedModel too wide": (
        lambda: aezoo.export_saved_model(deep(), HERE / "s", samples=X[:, :3]),
        r"\(n, 5\)",
    ),
    "ONNX by another name": (lambda: aezoo.export_onnx(deep(), HERE / "new.tflite"), r"\.onnx"),
    "ONNX of nothing": (lambda: aezoo.export_onnx(None, HERE / "new.onnx"), "None"),
    "aware of nothing": (lambda: aezoo.quantize_aware(None, X), "None"),
    "aware of gaps": (lambda: aezoo.quantize_aware(deep(), GAPS), "NaN"),
    "aware for fewer": (lambda: aezoo.quantize_aware(deep(), X, -1), "epochs.*-1"),
    "a file that is missing": (lambda: aezoo.LiteModel(HERE / "none.tflite"), "none.tflite"),
    "a file of text": (lambda: aezoo.LiteModel(file("text.tflite")), "text.tflite"),
    "an empty file": (lambda: aezoo.LiteModel(file("empty.tflite", b"")), "empty.tflite"),
    "a file of numbers": (lambda: aezoo.LiteModel(3), "PathLike.*int"),
    "rows too wide": (lambda: lite().encode(X[:, :3]), r"\(n, 5\).*\(40, 3\)"),
    "rows of text": (lambda: lite().reconstruct(X.astype(str)), "numbers"),
    "rows with gaps": (lambda: lite().score(GAPS), "NaN"),
    "rows that are none": (lambda: lite().encode(None), r"\(n, 5\)"),
    "bytes that are not scaled": (lambda: lite().encode((X * 255).astype("u1")), "divide by 255"),
    "ragged rows": (lambda: lite().encode([[1], [1, 2]]), "encode|shape"),
    "a model for a detector": (lambda: lite() and edge.Detector(HERE / "deep.tflite"), "detector"),
    "rows to judge": (lambda: judge().predict(X[:, :3]), r"\(n, 5\)"),
    "gaps to judge": (lambda: judge().anomaly_score(GAPS), "NaN"),
    "inspect nothing": (lambda: edge.inspect(HERE / "none.tflite"), "none.tflite"),
    "inspect text": (lambda: edge.inspect(file("text.tflite")), "text.tflite"),
}
ARCHIVES = {
    "no archive": (lambda: scale.score(HERE / "none", deep(), HERE / "scored"), "none"),
    "a model of numbers": (lambda: scale.score(table(), 3, HERE / "scored"), "3|int"),
    "a negative threshold": (archive(threshold=-1), "threshold.*-1"),
    "a threshold in words": (archive(threshold="high"), "threshold.*high"),
    "an unknown place": (archive(on="spark"), "on.*spark"),
    "no workers": (archive(on="ray", workers=0), "workers.*0"),
    "workers of this process": (archive(workers=2), "workers"),
    "an unknown column": (archive(columns=["z"]), "z"),
    "a column that is dropped": (archive(drop=["z"]), "z"),
    "columns in one string": (archive(columns="abcde"), "columns.*abcde"),
    "too few columns": (archive(drop=["a"]), "5.*4|4.*5"),
    "rows of nothing": (archive(batch_size=0), "batch_size.*0"),
}
TRAINING = {
    "an unknown family": (lambda: aezoo.train("cnv", "digits"), "cnv.*conv"),
    "unknown data": (lambda: aezoo.train("deep", "./none.npy"), "none.npy"),
    "a negative rate": (lambda: aezoo.train("deep", learning_rate=-1), "learning_rate.*-1"),
    "no minutes": (lambda: aezoo.train("deep", minutes=0), "minutes.*0"),
    "an unknown precision": (lambda: aezoo.train("deep", precision="int3"), "precision.*int3"),
    "an unknown distribution": (lambda: aezoo.train("deep", distribute="x"), "distribute.*x"),
    "an unknown export": (lambda: aezoo.train("deep", exports=["int3"]), "int3"),
    "a negative seed": (lambda: aezoo.train("deep", seed=-1), "seed.*-1"),
    "no run": (lambda: aezoo.resume(HERE / "norun"), "norun"),
    "a run of numbers": (lambda: aezoo.resume(3), "PathLike.*int"),
    "no room": (lambda: aezoo.search("digits", max_kb=0), "max_kb.*0"),
    "no trials": (lambda: aezoo.search("digits", max_kb=9, trials=0), "trials.*0"),
    "an unknown device": (lambda: aezoo.search("digits", max_kb=9, device="x"), "device.*x"),
    "a sweep of nothing": (lambda: aezoo.sweep("digits", models=()), "a family and a size"),
    "a sweep of no codes": (lambda: aezoo.sweep("digits", latent_dims=()), "a family and a size"),
    "a sweep of no jobs": (lambda: aezoo.sweep("digits", jobs=0), "jobs.*0"),
    "a sweep of an unknown": (lambda: aezoo.sweep("digits", models=("cnv",)), "conv.*cnv"),
}
TABLES = {
    "build": BUILD,
    "models": MODELS,
    "data": DATA,
    "evaluation": EVALUATION,
    "uses": USES,
    "export": EXPORTS,
    "scale": ARCHIVES,
    "training": TRAINING,
}


def calls():
    """All of them, by the name of their table and their own."""
    return {f"{t}: {name}": case for t, cases in TABLES.items() for name, case in cases.items()}
