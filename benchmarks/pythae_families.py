"""How good are the families beside pythae's? Test errors and Frechet distances of samples on MNIST.

    pip install pythae torch
    python benchmarks/pythae_families.py                  # 15 minutes a seed

Codes of 16 numbers, ten epochs in batches of 128, Adam with a rate of 1e-3, and pythae's default
network: one hidden layer of 512 ReLU units on either side and a sigmoid. All else, the weights of
the terms of each loss above all, is each library's default. Errors are of codes without noise.
Samples are draws of the prior, where there is one, and of each library's mixture of ten normal
distributions, fitted to the codes of 10,000 training images. Distances are of 10,000 samples from
as many test images, in the 64 features of the zoo's classifier. Seconds are of training alone.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import torch
from pythae import models, samplers
from pythae.trainers import (
    AdversarialTrainer,
    AdversarialTrainerConfig,
    BaseTrainer,
    BaseTrainerConfig,
)
from rich.console import Console
from rich.table import Table

import aezoo
from aezoo.evaluation import class_features, likeness

HERE = Path(__file__).parent
LATENT, UNITS, EPOCHS, BATCH, RATE = 16, 512, 10, 128, 1e-3
FITTED, DRAWN = 10_000, 10_000
PAIRS = {  # a family, the same of pythae, and its sampler of the prior
    "deep": ("AE", None),
    "variational": ("VAE", samplers.NormalSampler),
    "importance_weighted": ("IWAE", samplers.NormalSampler),
    "wasserstein": ("WAE_MMD", samplers.NormalSampler),
    "info": ("INFOVAE_MMD", samplers.NormalSampler),
    "vamp": ("VAMP", samplers.VAMPSampler),
    "hyperspherical": ("SVAE", samplers.HypersphereUniformSampler),
    "adversarial": ("Adversarial_AE", samplers.NormalSampler),
    "factor": ("FactorVAE", samplers.NormalSampler),
    "total_correlation": ("BetaTCVAE", samplers.NormalSampler),
    "regularized": ("RAE_L2", None),
    "regularized, gradient": ("RAE_GP", None),
}
OPTIONS = {"regularized, gradient": {"smoothness": "gradient"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="*", default=PAIRS, choices=PAIRS)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--output", default=HERE / "pythae_families.json", type=Path)
    arguments = parser.parse_args()
    train, test = (aezoo.load_dataset("mnist", split).x for split in ("train", "test"))
    real = class_features(test)
    file = arguments.output
    rows = json.loads(file.read_text()) if file.is_file() else []
    for seed in range(arguments.seeds):
        for family in arguments.families:
            row = {"family": family, "opponent": PAIRS[family][0], "seed": seed}
            rows = [old for old in rows if any(old[key] != row[key] for key in ("family", "seed"))]
            for by, run in (("aezoo", of_aezoo), ("pythae", of_pythae)):
                seconds, rebuilt, drawn = run(family, train, test, seed)
                distances = {
                    key: likeness(real, class_features(x)).frechet for key, x in drawn.items()
                }
                mse = float(np.mean(np.square(rebuilt - test)))
                row[by] = {"mse": mse, **distances, "seconds": seconds}
            print(row, flush=True)
            rows.append(row)
            file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(rows)


def of_aezoo(family, train, test, seed):
    keras.utils.set_random_seed(seed)
    dense = {} if family == "deep" else {"backbone": "dense"}
    name, options = family.split(",")[0], {**dense, **OPTIONS.get(family, {})}
    begin = time.perf_counter()
    ae = aezoo.build(name, train.shape[1:], LATENT, hidden_units=(UNITS,), **options)
    ae.optimizer.learning_rate = RATE
    ae.fit(train, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    seconds = time.perf_counter() - begin
    drawn = {"mixture": ae.sample(DRAWN, "gaussian_mixture", x=train[:FITTED], seed=seed)}
    if ae.bottleneck.has_prior:
        drawn["prior"] = ae.sample(DRAWN, seed=seed)
    return seconds, ae.reconstruct(test), drawn


def of_pythae(family, train, test, seed):
    torch.manual_seed(seed)
    opponent, prior = PAIRS[family]
    first, given = (torch.from_numpy(x.transpose(0, 3, 1, 2).copy()) for x in (train, test))
    begin = time.perf_counter()
    config = getattr(models, f"{opponent}_Config", None) or getattr(models, f"{opponent}Config")
    model = getattr(models, opponent)(config(input_dim=(1, 28, 28), latent_dim=LATENT))
    dataset = [{"data": sample} for sample in first]
    with tempfile.TemporaryDirectory() as folder:
        how = {
            "output_dir": folder,
            "num_epochs": EPOCHS,
            "per_device_train_batch_size": BATCH,
            "seed": seed,
        }
        if opponent in ("Adversarial_AE", "FactorVAE"):
            rates = {"autoencoder_learning_rate": RATE, "discriminator_learning_rate": RATE}
            trainer = AdversarialTrainer(
                model, dataset, None, AdversarialTrainerConfig(**how, **rates)
            )
        else:
            trainer = BaseTrainer(
                model, dataset, None, BaseTrainerConfig(**how, learning_rate=RATE)
            )
        trainer.train()
    seconds = time.perf_counter() - begin
    model = model.eval()
    with torch.no_grad():
        encoded = model.encoder(given)
        code = encoded.embedding
        if opponent == "SVAE":
            code = code / code.norm(dim=-1, keepdim=True)
        rebuilt = model.decoder(code).reconstruction.numpy()
    mixture = samplers.GaussianMixtureSampler(
        model, samplers.GaussianMixtureSamplerConfig(n_components=10)
    )
    mixture.fit(first[:FITTED])
    drawers = {"mixture": mixture} | ({"prior": prior(model)} if prior else {})
    drawn = {
        name: each.sample(num_samples=DRAWN).detach().numpy() for name, each in drawers.items()
    }
    shaped = {name: x.reshape(-1, *test.shape[1:]) for name, x in drawn.items()}
    return seconds, rebuilt.reshape(test.shape), shaped


def summed(rows):
    """By family, in the order of `PAIRS`: means over seeds of both libraries."""
    found = {}
    for family, (opponent, _) in PAIRS.items():
        own = [row for row in rows if row["family"] == family]
        if own:
            found[family] = {
                "opponent": opponent,
                "seeds": len(own),
                **{
                    by: {key: float(np.mean([row[by][key] for row in own])) for key in own[0][by]}
                    for by in ("aezoo", "pythae")
                },
            }
    return found


def show(rows):
    keys = ("mse", "prior", "mixture", "seconds")
    table = Table("family", "pythae's", *(title for key in keys for title in (key, "its")))
    found = summed(rows)
    for family, row in found.items():
        forms = (".4f", ".1f", ".1f", ".0f")
        cells = (
            f"{row[by][key]:{form}}" if key in row[by] else ""
            for key, form in zip(keys, forms, strict=True)
            for by in ("aezoo", "pythae")
        )
        table.add_row(family, row["opponent"], *cells)
    Console(width=110).print(table)
    for key in keys:
        those = [row for row in found.values() if key in row["aezoo"]]
        lower = sum(row["aezoo"][key] < row["pythae"][key] for row in those)
        print(f"{key}: lower in {lower} of {len(those)}")


if __name__ == "__main__":
    main()
