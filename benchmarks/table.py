"""Writes the results in README.md and docs/benchmarks.md from what the others have measured.

python benchmarks/table.py
"""

import statistics

from families_table import factors, likelihoods, pythaes
from tabular import HERE, exists, markdown, measured

README = HERE.parent / "README.md"
PAGE = HERE.parent / "docs" / "benchmarks.md"
BEGIN = "<!-- written by benchmarks/table.py -->\n"
END = "<!-- until here -->\n"


def main():
    for file, written in ((PAGE, results()), (README, summary())):
        before, rest = file.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        file.write_text(before + BEGIN + written + END + after, encoding="utf-8")


def summary():
    """Markdown of the lines that stand in the README."""
    ratios = of_pca()
    noise = measured("photographs")["levels"]["25"]
    small, *_, large = measured("rate_distortion")["photographs"]
    row = measured("edge")["int8"]["conv, int8"]
    kb, us = (
        measured("edge")["precisions"]["conv, int8"][key] for key in ("bytes", "microseconds")
    )
    probed = {
        one["features"]: one["accuracy"]
        for one in measured("features")["denoising-mnist-affine"]["rows"]
        if (one["classifier"], one["labels"]) == ("linear", 100)
    }
    odd = measured("anomaly")["tables"]["mean"]
    auroc = {name: found["clean"]["auroc"] for name, found in odd.items()}
    lines = [
        f"**Reconstruction**: of PCA's error, `aezoo train` has {statistics.median(ratios):.2f} as "
        f"the median of {len(ratios)} trainings on\n  images, tables and signals, and never more "
        f"than {max(ratios):.2f}.",
        f"**Anomalies**: mean AUROC on 16 tables {auroc['aezoo, told']:.3f}; nearest neighbours "
        f"{auroc['PyOD k nearest neighbours']:.3f}, PyOD's autoencoder\n  "
        f"{auroc['PyOD AutoEncoder']:.3f}, isolation forest {auroc['PyOD isolation forest']:.3f}.",
        f"**Photographs** with noise of 25: {noise['unet']:.2f} dB without being told the noise, "
        f"BM3D {noise['BM3D']:.2f} with.",
        f"**Compression** of photographs, at {small['bits']} bits a pixel: {small['ours']:.2f} dB, "
        f"WebP {small['WEBP']:.2f}, JPEG XL {small['JXL']:.2f}, JPEG\n  {small['JPEG']:.2f}; at "
        f"{large['bits']:g} bit WebP is better, {large['WEBP']:.2f} to {large['ours']:.2f}.",
        f"**Features**, 100 labels of MNIST: a linear classifier knows {probed['codes']:.1%} by "
        f"codes, {probed['raw']:.1%} by pixels,\n  {probed['PCA']:.1%} by PCA.",
        f"**Int8**: `conv` for MNIST takes {kb / 1e3:.0f} kB and {us:.0f} µs a sample, for an "
        f"error {row['increase']:+.1%}.",
    ]
    return "".join(f"- {line}\n" for line in lines)


def results():
    """Markdown of all tables, by what they are of."""
    told = []
    for title, parts in SECTIONS.items():
        text = "\n".join(filter(None, (part() for part in parts)))
        told += [f"## {title}\n\n{text}"] if text else []
    return "\n" + "\n".join(told)


CODECS = ("ours", "WEBP", "JXL", "JPEG")
OWN = ("deep", "conv", "residual")
OWN_DATA = {
    "digits": "1,437 digits of 8x8",
    "digits-200": "200 of them",
    "mnist-500": "500 images of MNIST",
    "mnist-5000": "5,000 of them",
    "fashion_mnist-500": "500 of Fashion-MNIST",
    "fashion_mnist-5000": "5,000 of them",
    "cifar10-500": "500 of CIFAR-10",
    "cifar10-5000": "5,000 of them",
    "photos-300": "300 pieces of photographs, 64x64, grey",
    "photos-3000": "3,000 of them",
    "colour-200": "200 pieces of two photographs, 64x64, in colour",
    "ecg-300": "300 heartbeats",
    "ecg": "2,335 heartbeats",
    "breast_cancer": "`breast_cancer` of scikit-learn",
    "wine": "`wine`",
    "diabetes": "`diabetes`",
}
BY = {
    "numpy": "numpy, plain gradient descent",
    "pytorch": "pytorch, eager",
    "compiled": "pytorch, compiled, fused Adam",
}


def of_pca():
    """The errors over PCA's of all trainings of `own_data.py` with a family that says so."""
    errors = measured("own_data")["errors"]
    return [row["ratio"] for key, row in errors.items() if key.split()[1] in OWN]


def own_data():
    worst, all_of_them = {}, of_pca()
    for key, row in measured("own_data")["errors"].items():
        name, model, _ = key.split()
        worst[name, model] = max(row["ratio"], worst.get((name, model), 0.0))
    cells = {key: f"{ratio:.2f}" for key, ratio in worst.items()}
    rows = [
        (title, *(cells.get((name, model), "") for model in OWN))
        for name, title in OWN_DATA.items()
    ]
    tables = {name for name, _ in worst if name[0].isdigit()}
    last = [f"{len(tables)} tables of ADBench, normal rows: median (most)"]
    for model in OWN:
        ratios = [worst[name, model] for name in tables if (name, model) in worst]
        last.append(f"{statistics.median(ratios):.2f} ({max(ratios):.2f})" if ratios else "")
    return (
        "Test errors of `aezoo train MODEL --data DATA`, nothing else said, over PCA's with codes\n"
        "of the same size, the worse of the seeds that were measured:\n\n"
        + markdown(("", *OWN), [*rows, last])
        + f"\nThe median of these {len(all_of_them)} trainings is "
        f"{statistics.median(all_of_them):.2f}, the most {max(all_of_them):.2f}.\n"
    )


def quality():
    sweep = measured("quality")["sweep"]
    keys = sorted(sweep["PCA"], key=int)
    rows = [
        (
            name,
            *(
                f"{statistics.mean(sweep[name][key]):.4f}" if key in sweep[name] else ""
                for key in keys
            ),
        )
        for name in ("PCA", *sorted(set(sweep) - {"PCA"}))
    ]
    return (
        "Mean squared error on the test images of MNIST, by the numbers in a code, of models that\n"
        "`aezoo train` makes of 2,000 images, mean of two seeds\n"
        "([picture](../benchmarks/quality.png)):\n\n" + markdown(("", *keys), rows)
    )


def networks():
    rows = [
        (
            f"`{row['model']}`, {row['data']}",
            str(row["latent_size"]),
            f"{row['mse']:.5f}",
            f"{row['pca_mse']:.5f}",
            f"{row['of_pca']:.2f}",
            f"{row['bytes']['weights'] / 1e6:.1f} MB",
        )
        for row in measured("pretrained")
    ]
    layers = "; ".join(
        f"{name} {row['mse']:.4f} (PCA {row['pca']:.4f})"
        for name, row in measured("quality")["networks"].items()
    )
    noise = measured("denoising")
    opponents = "; ".join(f"{name}: {noise[name]:.1f}" for name in list(noise)[:-1])
    return (
        "Pretrained models, on test images:\n\n"
        + markdown(("", "code", "test MSE", "PCA's", "of PCA's", "weights"), rows)
        + f"\nWell-known dense networks, trained by `benchmarks/quality.py`: {layers}.\n"
        "Their activations, rates and lengths were chosen by these test errors, which are a\n"
        "little kind to them for it.\n"
        "\nPretrained `denoising` brings noisy digits (Gaussian, standard deviation 0.5) to a "
        f"PSNR of\n{noise['denoising, mnist-unet']:.1f} dB ({opponents}).\n"
    )


def photographs():
    if not exists("photographs"):
        return ""
    found = measured("photographs")
    names = list(next(iter(found["levels"].values())))
    paper = {15: "32.86", 25: "30.43", 50: "27.18"}
    rows = [
        (level, *(f"{row[name]:.2f}" for name in names), paper.get(int(level), ""))
        for level, row in found["levels"].items()
    ]
    return (
        f"Photographs: {found['photographs']} grey ones ({found['data']}) with Gaussian noise, "
        "PSNR in dB by its standard\ndeviation, of 255, which the opponents are told and the "
        "pretrained `unet` is not.\nAn ensemble is the mean over eight positions "
        "([picture](../benchmarks/photographs.png)):\n\n"
        + markdown(("noise", *names, "DnCNN, its paper's"), rows)
    )


def speed():
    found = measured("training_speed")
    rows = []
    for name, row in found["epochs"].items():
        network, by = name.split("-")
        by = BY.get(by, by)
        low, high = min(row["ratios"]), max(row["ratios"])
        kind = "784-512-256-128" if network == "dense" else "conv 16-32-64"
        rows.append(
            (
                kind,
                by,
                f"{row['first']:.2f}",
                f"{row['seconds']:.2f}",
                f"{row['ratio']:.2f} ({low:.2f} to {high:.2f})",
                f"{row['counted']:.2f}",
            )
        )
    errors = found["errors"]
    own, theirs = (errors[f"128-numbers-to-goal-{by}"] for by in ("aezoo", "numpy"))
    ours, pythaes = (errors[f"16-numbers-to-end-{by}"] for by in ("aezoo", "pythae"))
    return (
        "Seconds an epoch on two CPU cores (60,000 images, batches of 128, medians); the first\n"
        "compiles what is compiled. aezoo's part is how many of their seconds it needs, for an\n"
        "epoch but the first, and for the first four:\n\n"
        + markdown(("network", "by", "first", "others", "aezoo's part", "of the four"), rows)
        + f"\nWith 128 numbers `aezoo.deep` has a test error of {own['mse']:.4f} after "
        f"{own['seconds']:.0f} s; the NumPy network, by\nplain gradient descent, one of "
        f"{theirs['mse']:.4f} after {theirs['seconds']:.0f} s. With 16 numbers pythae's default "
        f"autoencoder has\n{pythaes['mse']:.4f} after {pythaes['seconds']:.0f} s, `aezoo.deep` "
        f"{ours['mse']:.4f} after {ours['seconds']:.0f} s.\n"
    )


def edge():
    found = measured("edge")
    rows = [
        (
            f"`{row['model']}`",
            row["form"] + (": refused" if row.get("refused") else ""),
            f"{row['bytes'] / 1e3:,.0f}" if "bytes" in row else "",
            f"{row['mse']:.5f}" if "mse" in row else "",
            f"{row['microseconds']:,.0f}" if "mse" in row else "",
        )
        for row in found["precisions"].values()
    ]
    return (
        "For devices: the pretrained MNIST models by precision, one sample at a time on one core "
        "of this\nmachine (Keras on both):\n\n"
        + markdown(("", "form", "kB", "test MSE", "µs"), rows)
        + (integers(found["int8"]) if "int8" in found else "")
    )


def integers(found):
    forms = list(dict.fromkeys(row["form"] for row in found.values()))
    names = dict.fromkeys(row["model"] for row in found.values())

    def cell(row):
        if "mse" not in row:
            return "none" if row else ""
        refused = ", refused" if row["refused"] else ""
        return f"{row['increase']:+.1%} ({row['ranks']:.4f}){refused}"

    rows = [
        (f"`{name}`", *(cell(found.get(f"{name}, {form}", {})) for form in forms)) for name in names
    ]
    return (
        "\nBy how much the test error of models of MNIST is larger in integers than in float (and\n"
        "the rank correlation of their scores):\n\n" + markdown(("", *forms), rows)
    )


def plain_c():
    if not exists("plain_c"):
        return ""
    rows = [
        (
            f"`{row['model']}`" + (", fine-tuned" if row["fine_tuned"] else ""),
            f"{row['weights']:,}",
            f"{row['flash'] - row['weights']:,}",
            f"{row['arena']:,}",
            f"{row['runtime_arena']:,}",
            row["emulated"],
        )
        for row in measured("plain_c")
        if row["part"] == "reconstruct"
    ]
    return (
        "As plain C on a Cortex-M4 (`-Os`), bytes for a reconstruction: flash beyond weights,\n"
        "memory beside input and output, TensorFlow Lite Micro's memory with them, and how many\n"
        "golden vectors an emulated board gives just so:\n\n"
        + markdown(("", "weights", "beyond", "memory", "TFLM's", "equal"), rows)
    )


def search():
    if not exists("search"):
        return ""
    rows = []
    for row in measured("search"):
        hand, found = row["by_hand"], row["search"]
        rows.append(
            (
                f"{row['max_kb']:g} kB",
                f"`conv`, {hand['latent_size']}",
                f"{hand['mse']:.5f}",
                f"`{found['model']}`, {found['latent_size']}",
                f"{found['mse']:.5f}",
                f"{row['ratio']:.2f}",
            )
        )
    return (
        "What `aezoo search` finds on MNIST, beside `conv` with its filters halved until the int8\n"
        "file fits, trained for as long as the search takes; codes have so many numbers, errors\n"
        "are of the int8 files on test images:\n\n"
        + markdown(("", "by hand", "test MSE", "search", "test MSE", "ratio"), rows)
    )


def anomalies():
    tables = measured("anomaly")["tables"]["mean"]
    rows = [
        (
            name,
            *(f"{row[kind]['auroc']:.3f}" for kind in ("clean", "contaminated")),
            f"{row['clean']['seconds']:,.0f}",
        )
        for name, row in tables.items()
    ]
    told = (
        "Mean AUROC over 16 tables of ADBench, two seeds; contaminated: a share of the anomalies\n"
    )
    told += (
        "is among the rows to fit, unmarked. Seconds are of all fits and scores of clean ones:\n\n"
    )
    told += markdown(("", "clean", "contaminated", "seconds"), rows)
    rows = [
        (
            name,
            *(f"{row[key]:.3f}" for key in ("auroc", "f1", "event_recall")),
            f"{row['false_alarm_rate']:.1%}",
        )
        for name, row in measured("anomaly_time_series").items()
    ]
    told += "\nRecordings of a water loop (SKAB), by its leaderboard's protocol:\n\n"
    return told + markdown(("", "AUROC", "F1", "events found", "false alarms"), rows)


def compression():
    if not exists("rate_distortion"):
        return ""
    found, forms = measured("rate_distortion"), (*CODECS, "PNG")
    rows = []
    for data in ("mnist", "cifar10"):
        for row in found[data]["rows"]:
            kb = (f"{row['bytes'][form] / 1000:,.0f}" for form in forms)
            rows.append((f"`{row['model']}`", f"{row['psnr']:.1f}", *kb))
    trips = found.get("round-trips")
    told = trips and (
        f"\nOf {trips['round_trips']:,} round trips with random shapes, steps and types "
        f"{trips['wrong']} gave anything but the\nrounded codes' outputs; of as many files with a "
        f"flipped bit {trips['unnoticed']} went unnoticed.\n"
    )
    return (
        "kB of 10,000 test images in one file, at the error of each pretrained model (PSNR in dB;\n"
        "the model's own size is apart; pictures:\n"
        "[MNIST](../benchmarks/rate_distortion-mnist.png),\n"
        "[CIFAR-10](../benchmarks/rate_distortion-cifar10.png)):\n\n"
        + markdown(("", "PSNR", "`aezoo.compress`", "WebP", "JPEG XL", "JPEG", "PNG"), rows)
        + compressed_photographs(found.get("photographs"))
        + (told or "")
    )


def compressed_photographs(found):
    if not found:
        return ""
    rows = [
        [f"{row['bits']:g}", str(row["photographs"]), *(f"{row[c]:.2f}" for c in CODECS)]
        for row in found
    ]
    return (
        "\nPhotographs (BSD68, grey), each as a file, by `compressive-photographs`: the mean PSNR "
        "in dB of\nthose that every codec can make so small, by bits a pixel\n"
        "([picture](../benchmarks/rate_distortion-photographs.png)):\n\n"
        + markdown(("bits", "photographs", "`aezoo.compress`", "WebP", "JPEG XL", "JPEG"), rows)
    )


def features():
    if not exists("features"):
        return ""
    rows = []
    for name, part in measured("features").items():
        kinds = dict.fromkeys((row["labels"], row["classifier"]) for row in part["rows"])
        for labels, classifier in kinds:
            own = [
                row
                for row in part["rows"]
                if (row["labels"], row["classifier"]) == (labels, classifier)
            ]
            cells = (f"{row['accuracy']:.3f} ± {row['spread']:.3f}" for row in own)
            told = (f"`{name}`", str(part["latent_size"]), f"{labels:,}", classifier)
            rows.append((*told, *cells))
    return (
        "Accuracy of a classifier on codes, on raw pixels and on PCA with as many numbers, by\n"
        "labels, over ten draws of them (`aezoo.probe`). `denoising-mnist-affine` had to undo\n"
        "turns, shifts, scalings and slants, of which raw pixels and PCA know nothing:\n\n"
        + markdown(("", "numbers", "labels", "classifier", "codes", "raw", "PCA"), rows)
    )


def generation():
    if not exists("generation"):
        return ""
    rows = [
        (
            f"`{row['model']}`" if row["sampler"] else row["model"],
            row["sampler"].replace("_", " "),
            *(f"{row[key]:.2f}" for key in ("frechet", "precision", "recall", "coverage")),
            f"{row['nearest']:.4f}",
        )
        for row in measured("generation")["rows"]
    ]
    return (
        "10,000 generated digits beside 10,000 test images of MNIST, in features of the zoo's\n"
        "classifier (`aezoo.evaluation.class_features`); samplers are fitted to the codes of\n"
        "20,000 training images, to one of which kernels stay near; the last column is the mean\n"
        "squared difference from the nearest of all:\n\n"
        + markdown(("", "sampler", "Frechet", "precision", "recall", "coverage", "near"), rows)
    )


def scale():
    if not exists("scale"):
        return ""
    found = measured("scale")
    rows = [
        (
            f"{row['gigabytes']:.1f}",
            f"{row['rows']:,}",
            f"{row['peak'] / 2**30:.2f}",
            f"{row['seconds']:,}",
            f"{row['reading'] / row['epoch']:.0%}",
        )
        for row in found["memory"]
    ]
    speeds = "; ".join(
        f"{name} {statistics.median(row['ratios']['stream']):.2f} "
        f"({statistics.median(row['ratios']['stream, nothing kept']):.2f} where it is read anew)"
        for name, row in found["speed"].items()
    )
    return (
        "Data larger than memory: the most memory of a process that trains `deep` for an epoch on\n"
        "files of 256 columns, with all that goes before and after:\n\n"
        + markdown(("GB of files", "rows", "GiB of memory", "seconds", "reading"), rows)
        + f"\nSeconds an epoch on MNIST, over those of an array in memory: {speeds}.\n"
        + (sketched(found["thresholds"]) if "thresholds" in found else "")
    )


def sketched(found):
    rows = [
        (
            f"{row['rate']:.1%}",
            f"{row['share']:.4%}",
            f"{abs(row['share'] - row['rate']):.4%}",
            f"{found['error']:.4%}",
        )
        for row in found["rates"]
    ]
    return (
        f"\nThresholds of a stream of {found['rows']:,} rows ({found['gigabytes']:.1f} GB), of a "
        f"sketch that keeps {found['kept']:,} of\ntheir scores: how many are really above, beside "
        "what was asked for. Fitting and setting them took a\nprocess of at most "
        f"{found['peak'] / 2**30:.2f} GiB:\n\n"
        + markdown(("asked for", "above", "off by", "bound (99 %)"), rows)
    )


def growth():
    if not exists("growth"):
        return ""
    found = measured("growth")
    rows = []
    for line in ("samples, in memory", "samples, as a stream", "pixels of an image"):
        own = found[line]["rows"]
        first, last = own[0], own[-1]
        rows.append(
            (
                line,
                f"{first['size']:,} to {last['size']:,}",
                f"{first['seconds']:.2f} to {last['seconds']:.1f}",
                f"{found[line]['slopes']['seconds']:.2f}",
                f"{first['memory'] / 2**20:,.0f} to {last['memory'] / 2**20:,.0f}",
            )
        )
    header = ("what grows", "", "seconds an epoch", "slope", "MiB of memory above an import")
    return (
        "How the cost of an epoch grows on two cores (a slope of 1: twice the time for twice as\n"
        "much; below it, the cost of starting):\n\n"
        + markdown(header, rows)
        + (shared(found["workers"]) if "workers" in found else "")
    )


def shared(found):
    rows = [
        (str(row["size"]), f"{row['seconds']:.2f}", f"{row['memory'] / 2**20:,.0f}")
        for row in found
    ]
    return (
        f"\nProcesses that share {found[0]['samples']:,} rows and the {found[0]['cores']} cores of "
        "this machine, which tells what\nsharing costs, not what it gains:\n\n"
        + markdown(("processes", "seconds an epoch", "MiB of memory of one"), rows)
    )


def hosts():
    found = measured("multihost")["agreement"]
    rows = [
        (f"`{name}`", *(f"{row[n][key]:.1e}" for key in ("losses", "weight") for n in ("2", "4")))
        for name, row in found.items()
    ]
    head = ("", "losses, 2", "losses, 4", "a weight, 2", "a weight, 4")
    return (
        "By how much a training by 2 and by 4 processes differs at most from that by one, with\n"
        "the same batches: losses, as a part of them, and final weights (why those of `conv` do:\n"
        "see `benchmarks/README.md`):\n\n" + markdown(head, rows)
    )


def reliability():
    found = measured("reliability")
    hostile, fuzzed = (found[part].values() for part in ("hostile", "fuzz"))
    kills, troubles = found["kills"], found["kills"]["troubles"]
    killed = sum(row["killed"] for row in kills["kinds"].values())
    right = sum(row["right"] for row in troubles)
    grown = found["soak"]["worker"]["bytes"]["grown"]
    rows = [
        (
            "hostile files, refused with a reason",
            sum(row["tried"] for row in hostile),
            sum(len(row["through"]) for row in hostile),
        ),
        (
            f"damaged files of {len(fuzzed)} formats, refused or read, without a crash, a hang, a "
            "file written or 1 GiB taken",
            sum(row["files"] for row in fuzzed),
            sum(len(row["failures"]) for row in fuzzed),
        ),
        (
            f"commands ended by SIGKILL at random moments, {killed} of them before they were "
            "done, and given again: the result of an undisturbed one",
            kills["tried"],
            len(kills["failures"]),
        ),
        (
            "the same with SIGTERM, a full disk, a folder that is read-only",
            len(troubles),
            len(troubles) - right,
        ),
        (
            "wrong arguments to every public function and command, answered with a clear error",
            found["inputs"]["tried"],
            len(found["inputs"]["failures"]),
        ),
        (
            "random families, shapes and options: built, saved, loaded and exported alike",
            found["properties"]["tried"],
            len(found["properties"]["failures"]),
        ),
    ]
    return (
        "What was done to aezoo on purpose, and how often something went wrong:\n\n"
        + markdown(("", "tried", "wrong"), [(what, f"{n:,}", str(bad)) for what, n, bad in rows])
        + f"\nA process that builds, trains, saves, loads, exports and scores for "
        f"{found['soak']['worker']['seconds'] / 60:.0f} minutes grows by {grown:.2%}\n"
        "of its memory.\n"
    )


def page():
    if not exists("page"):
        return ""
    found = measured("page")
    rows = [
        [
            f"`{name.split(', ')[0]}`, {name.split(', ')[1]}",
            *(f"{row['steps'][part]:.4f}" for part in ("encode", "decode", "reconstruct")),
            f"{row['rewritten']['mean']:.3f}",
        ]
        for name, row in found["equal"].items()
    ]
    header = ["", "encode", "decode", "reconstruct", "the page's file against the export, mean"]
    kilobytes, seconds = found["bytes"]["page"] / 1e3, found["first_ms"] / 1e3
    faults = (
        "" if found["serious"] is None else f", axe-core {len(found['serious'])} serious faults"
    )
    return (
        "In the browser, Chromium without a window, against LiteRT in Python (`page.py`): the most "
        "steps that 50 test images differ by, of an integer output, else a 255th of its range.\n\n"
        f"{markdown(header, rows)}\n"
        f"The first reconstruction of `conv` is there after {seconds:.1f} s; a moving mouse has "
        f"{found['per_second']:.0f} a second encoded, rebuilt, decoded and drawn. The page has "
        f"{kilobytes:.0f} kB without model and runtime; its console tells "
        f"{found['console_errors']} errors{faults}.\n"
    )


SECTIONS = {
    "Reconstruction": (own_data, quality, networks, pythaes),
    "Anomalies": (anomalies,),
    "Denoising": (photographs,),
    "Compression": (compression,),
    "Features": (features, factors),
    "Generation": (generation, likelihoods),
    "Devices": (edge, plain_c, page),
    "Search": (search,),
    "Speed": (speed,),
    "Large data": (scale, growth, hosts),
    "Reliability": (reliability,),
}


if __name__ == "__main__":
    main()
