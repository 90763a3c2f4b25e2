from matplotlib.colors import to_rgb

from aezoo import plots


def rgb(colour):
    return tuple(round(255 * part) for part in to_rgb(colour))


def test_history(rendered):
    figure = plots.history({"loss": [3.0, 2.0, 1.0], "val_loss": [4.0, 3.0, 2.0], "mae": [1, 1, 1]})
    lines = figure.axes[0].get_lines()
    assert [line.get_label() for line in lines] == ["training", "validation"]
    assert lines[1].get_xdata().tolist() == [1, 2, 3]
    assert lines[1].get_ydata().tolist() == [4, 3, 2]
    assert figure.axes[0].get_yscale() == "log"
    assert {rgb(colour) for colour in plots.COLOURS[:2]} <= rendered(figure)
    (point,) = plots.history({"loss": [3.0]}).axes[0].get_lines()  # no line to be seen
    assert (point.get_marker(), point.get_xydata().tolist()) == ("o", [[1, 3]])


def test_elbow(rendered):
    errors = {"conv": {"8": 0.01, "2": 0.04, "32": 0.004}, "PCA": {2: 0.06, 8: 0.04}}
    figure = plots.elbow(errors)
    conv, pca = figure.axes[0].get_lines()
    assert (conv.get_label(), pca.get_label()) == ("conv", "PCA")
    assert conv.get_xdata().tolist() == [2, 8, 32]
    assert conv.get_ydata().tolist() == [0.04, 0.01, 0.004]
    assert pca.get_linestyle() == "--"
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["2", "8", "32"]
    assert {(0, 0, 0), rgb(plots.COLOURS[0])} <= rendered(figure)


def test_an_elbow_has_a_ring():
    errors = {"conv": {2: 0.04, 8: 0.01, 32: 0.009}, "PCA": {2: 0.06, 8: 0.04}}
    figure = plots.elbow(errors, marked={"conv": 8, "PCA": None})
    conv, ring, _ = figure.axes[0].get_lines()
    assert ring.get_xydata().tolist() == [[8, 0.01]]
    assert ring.get_color() == conv.get_color()
    assert len(figure.axes[0].get_legend().get_texts()) == 2
