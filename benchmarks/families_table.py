"""What was measured of families side by side, in words and tables for `table.py`."""

import statistics

from tabular import exists, markdown, measured


def runs_of(name):
    """What was measured of each family, a row for each seed."""
    found = {}
    for row in measured(name):
        found.setdefault(row["family"], []).append(row)
    return found


def pythaes():
    if not exists("pythae_families"):
        return ""
    keys = {"mse": ".4f", "prior": ".1f", "mixture": ".1f", "seconds": ".0f"}
    rows, lower, tried = [], dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    by_family = runs_of("pythae_families")
    for family, runs in by_family.items():
        cells = []
        for key, form in keys.items():
            if key not in runs[0]["aezoo"]:
                cells += ["", ""]
                continue
            ours, its = (
                statistics.mean(run[by][key] for run in runs) for by in ("aezoo", "pythae")
            )
            cells += [f"{ours:{form}}", f"{its:{form}}"]
            tried[key] += 1
            lower[key] += ours < its
        name, _, kind = family.partition(", ")
        label = f"`{name}`, {kind}" if kind else f"`{name}`"
        rows.append((label, f"`{runs[0]['opponent']}`", *cells))
    seeds = min(map(len, by_family.values()))
    header = ("", "pythae's", "MSE", "its", "prior", "its", "mixture", "its", "seconds", "its")
    count = {key: f"{lower[key]} of {tried[key]}" for key in keys}
    return (
        "The same families in aezoo and in pythae on MNIST: codes of 16 numbers, pythae's\n"
        "default network, 10 epochs with the same batches and rate, everything else each\n"
        f"library's default, {seeds} seed{'s' * (seeds > 1)}. Beside the error are Frechet\n"
        "distances of 10,000 samples, drawn from the prior and from a mixture of ten normal\n"
        f"distributions that was fitted to codes. aezoo's error is lower in {count['mse']}, its\n"
        f"distances in {count['prior']} and {count['mixture']}, its time in {count['seconds']}:\n\n"
        + markdown(header, rows)
    )


def likelihoods():
    if not exists("likelihoods"):
        return ""
    by_family = runs_of("likelihoods")
    rows = [
        (
            f"`{family}`",
            f"{statistics.mean(run['nats'] for run in runs):.2f}",
            f"{runs[0]['parameters']:,}",
            f"{statistics.mean(run['seconds'] for run in runs) / 60:.0f}",
        )
        for family, runs in by_family.items()
    ]
    epochs = next(iter(by_family.values()))[0]["epochs"]
    return (
        "Nats of binarized test images of MNIST, 200 draws each, codes of 16 numbers, "
        f"{epochs} epochs;\nless is better:\n\n"
        + markdown(("", "nats", "parameters", "minutes"), rows)
    )


def factors():
    if not exists("disentangling"):
        return ""
    by_family = runs_of("disentangling")
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
