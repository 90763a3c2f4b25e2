"""What the README of a pretrained model says."""

from collections.abc import Mapping
from typing import Any

from aezoo.layers.bottleneck import Bottleneck
from aezoo.registry import weights

PICTURE = "reconstructions.png"
README = """\
---
library_name: keras
license: apache-2.0
tags: [autoencoder, aezoo]
datasets: [{data}]
metrics: [mse]
---

# {model}, {data}

An autoencoder of aezoo, the `{model}` family, {code} for {shape} samples.
It was trained on `{data}` with the seed {seed}.

```python
import aezoo

ae = aezoo.build("{model}", weights="{weights}")
{use}```

| on the test split ({test:,} samples, not used in training) | {columns} |
| --- | --- | --- |
{rows}
![Samples above, their reconstructions below]({picture})
{note}{int8}
It has {parameters:,} parameters. Files that end in `.tflite` run with `aezoo.LiteModel`,
`saved_model` in any TensorFlow; reports say how they differ from the Keras model. `card.json` has
the hash of each file, and what it takes to train it again: `{command}`.

Intended use: examples, teaching, a start for further training, a baseline to compare with. It knows
samples like those of its dataset alone{beyond}.
It has not been examined for any decision about people.
"""


def readme(
    record: Mapping[str, Any], folder: str, command: str, int8: str, note: str, code: Bottleneck
) -> str:
    """The README of a pretrained model.

    Args:
        record: Mapping, what its run wrote down.
        folder: String, the name of its folder.
        command: String, how to train it again.
        int8: String, what its int8 file loses, or why there is none.
        note: String, what else is to be said of the data, or `""`.
        code: `Bottleneck`, what kind of code it has.

    Returns:
        String.
    """
    metrics = record["metrics"]
    rows = [("mse", "mean squared error", ".5f")]
    rows += [("psnr", "PSNR (dB)", ".2f"), ("ssim", "SSIM", ".4f")]
    columns, pairs = (
        ["this model", "PCA, same code size"],
        [(key, f"pca_{key}") for key, *_ in rows],
    )
    use = ""
    size = f"with a code of {metrics['latent_size']} numbers"
    beyond = ": others are rebuilt badly, which is what makes it detect anomalies"
    if code.step is not None:
        size = f"with codes of {metrics['latent_size']:,} numbers, rounded,"
        rows.append(("code_bits", "bits of a sample", ",.0f"))
        pairs.append(("code_bits", "code_bits"))
        use = "data = aezoo.compress(ae, x)  # any size, or: aezoo compress FILE --model {}\n"
    if not code.narrow:  # it is there for what noise leaves
        rows, columns, pairs = rows[:1], ["noisy", "cleaned"], [("noisy_mse", "denoised_mse")]
        size, beyond = "which has no narrow code,", ""
        use = "clean = aezoo.denoise(ae, noisy)  # any size, or: aezoo denoise FILE --model {}\n"
    table = "".join(
        f"| {label} | {metrics[pair[0]]:{form}} | {metrics[pair[1]]:{form}} |\n"
        for (key, label, form), pair in zip(rows, pairs, strict=True)
        if key in metrics
    )
    return README.format(
        model=record["model"],
        data=record["data"]["source"],
        weights=weights.name_of(record["model"], folder),
        shape=" x ".join(map(str, record["input_shape"])),
        seed=record["training"]["seed"],
        test=record["data"]["test"],
        use=use.format(folder),
        columns=" | ".join(columns),
        rows=table,
        code=size,
        beyond=beyond,
        picture=PICTURE,
        command=command,
        note=f"\n{note}\n" if note else "",
        int8=f"\n{int8}\n" if int8 else "",
        parameters=metrics["parameters"],
    )
