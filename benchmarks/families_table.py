"""What was measured of families side by side, in words and tables for `table.py`."""

import statistics

from tabular import exists, markdown, measured


def pythaes():
    if not exists("pythae_families"):
        return ""
    rows, lower = [], dict.fromkeys(("mse", "frechet", "seconds"), 0)
    by_family = {}
    for row in measured("pythae_families"):
        by_family.setdefault(row["family"], []).append(row)
    for family, runs in by_family.items():
        mean = {
            by: {key: statistics.mean(run[by][key] for run in runs) for key in lower}
            for by in ("aezoo", "pythae")
        }
        for key in lower:
            lower[key] += mean["aezoo"][key] < mean["pythae"][key]
        cells = (
            f"{mean[by][key]:{form}}"
            for key, form in (("mse", ".4f"), ("frechet", ".1f"), ("seconds", ".0f"))
            for by in ("aezoo", "pythae")
        )
        name, _, kind = family.partition(", ")
        label = f"`{name}`, {kind}" if kind else f"`{name}`"
        rows.append((label, f"`{runs[0]['opponent']}`", *cells))
    seeds = max(map(len, by_family.values()))
    header = ("", "pythae's", "MSE", "its", "Frechet", "its", "seconds", "its")
    return (
        "The same families in aezoo and in pythae on MNIST: codes of 16 numbers, pythae's\n"
        "default network, 10 epochs with the same batches and rate, everything else each\n"
        f"library's default, means over {seeds} seeds. Frechet distances are of 10,000 samples.\n"
        f"aezoo's error is lower in {lower['mse']} of {len(rows)}, its distance in "
        f"{lower['frechet']}, its time in {lower['seconds']}:\n\n" + markdown(header, rows)
    )


def likelihoods():
    if not exists("likelihoods"):
        return ""
    by_family = {}
    for row in measured("likelihoods"):
        by_family.setdefault(row["family"], []).append(row)
    rows = [
        (
            f"`{family}`",
            f"{statistics.mean(run['nats'] for run in runs):.2f}",
            f"{runs[0]['parameters']:,}",
            f"{statistics.mean(run['seconds'] for run in runs) / 60:.0f}",
        )
        for family, runs in by_family.items()
    ]
    epochs = measured("likelihoods")[0]["epochs"]
    return (
        "Nats of binarized test images of MNIST, 200 draws each, codes of 16 numbers, "
        f"{epochs} epochs;\nless is better:\n\n"
        + markdown(("", "nats", "parameters", "minutes"), rows)
    )


def factors():
    if not exists("disentangling"):
        return ""
    by_family = {}
    for row in measured("disentangling"):
        by_family.setdefault(row["family"], []).append(row)
    gaps = {family: [run["gap"] for run in runs] for family, runs in by_family.items()}
    base = statistics.mean(gaps["variational"])
    rows = [
        (
            f"`{family}`",
            f"{statistics.mean(found):.3f} ± {statistics.pstdev(found):.3f}",
            f"{statistics.mean(found) / base:.2f}",
            f"{statistics.mean(run['mse'] for run in by_family[family]):.4f}",
        )
        for family, found in gaps.items()
    ]
    return (
        "Drawn boxes of which place, size and angle are known: the mutual information gap, how\n"
        "much more the best unit of six tells of each of them than the second best, over "
        f"{len(gaps['variational'])} seeds:\n\n"
        + markdown(("", "gap", "over variational's", "MSE"), rows)
    )
