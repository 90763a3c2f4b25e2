"""How good are the families beside pythae's? Test errors and Frechet distances of samples on MNIST.

    pip install pythae torch
    python benchmarks/pythae_families.py                  # 15 minutes a seed

Codes of 16 numbers, ten epochs in batches of 128, Adam with a rate of 1e-3, and pythae's default
network: one hidden layer of 512 ReLU units on either side and a sigmoid. All else, the weights of
the terms of each loss above all, is each library's default. Errors are of codes without noise.
Samples come from each library's sampler: the prior where there is one, else a mixture of ten normal
distributions fitted to the codes of 10,000 training images. Distances are of 10,000 samples from
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
PAIRS = {  # a family, the same of pythae, and the sampler of both, where it is not the prior
    "deep": ("AE", "gaussian_mixture"),
    "variational": ("VAE", None),
    "importance_weighted": ("IWAE", None),
    "wasserstein": ("WAE_MMD", None),
    "info": ("INFOVAE_MMD", None),
    "vamp": ("VAMP", None),
    "hyperspherical": ("SVAE", None),
    "adversarial": ("Adversarial_AE", None),
    "factor": ("FactorVAE", None),
    "total_correlation": ("BetaTCVAE", None),
    "regularized": ("RAE_L2", "gaussian_mixture"),
    "regularized, gradient": ("RAE_GP", "gaussian_mixture"),
}
OPTIONS = {"regularized, gradient": {"smoothness": "gradient"}}
SAMPLERS = {"VAMP": samplers.VAMPSampler, "SVAE": samplers.HypersphereUniformSampler}


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
            opponent, sampler = PAIRS[family]
            row = {"family": family, "opponent": opponent, "seed": seed}
            rows = [old for old in rows if any(old[key] != row[key] for key in ("family", "seed"))]
            for by, run in (("aezoo", of_aezoo), ("pythae", of_pythae)):
                seconds, rebuilt, drawn = run(family, opponent, sampler, train, test, seed)
                row[by] = {
                    "mse": float(np.mean(np.square(rebuilt - test))),
                    "frechet": likeness(real, class_features(drawn)).frechet,
                    "seconds": seconds,
                }
            print(row, flush=True)
            rows.append(row)
            file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    show(rows)


def of_aezoo(family, opponent, sampler, train, test, seed):
    keras.utils.set_random_seed(seed)
    dense = {} if family == "deep" else {"backbone": "dense"}
    name, options = family.split(",")[0], {**dense, **OPTIONS.get(family, {})}
    begin = time.perf_counter()
    ae = aezoo.build(name, train.shape[1:], LATENT, hidden_units=(UNITS,), **options)
    ae.optimizer.learning_rate = RATE
    ae.fit(train, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    seconds = time.perf_counter() - begin
    drawn = ae.sample(DRAWN, sampler, x=train[:FITTED] if sampler else None, seed=seed)
    return seconds, ae.reconstruct(test), drawn


def of_pythae(family, opponent, sampler, train, test, seed):
    torch.manual_seed(seed)
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
    if sampler:
        drawer = samplers.GaussianMixtureSampler(
            model, samplers.GaussianMixtureSamplerConfig(n_components=10)
        )
        drawer.fit(first[:FITTED])
    else:
        drawer = SAMPLERS.get(opponent, samplers.NormalSampler)(model)
    drawn = drawer.sample(num_samples=DRAWN).detach().numpy()
    return seconds, *(x.reshape(-1, *test.shape[1:]) for x in (rebuilt, drawn))


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
    table = Table("family", "pythae's", "test MSE", "its", "Frechet", "its", "seconds", "its")
    found = summed(rows)
    for family, row in found.items():
        cells = (
            f"{row[by][key]:{form}}"
            for key, form in (("mse", ".4f"), ("frechet", ".1f"), ("seconds", ".0f"))
            for by in ("aezoo", "pythae")
        )
        table.add_row(family, row["opponent"], *cells)
    Console(width=110).print(table)
    for key in ("mse", "frechet", "seconds"):
        lower = sum(row["aezoo"][key] < row["pythae"][key] for row in found.values())
        print(f"{key}: lower in {lower} of {len(found)}")


if __name__ == "__main__":
    main()
