import os

from aezoo.quiet import native_output_discarded


def test_only_inside(capfd):
    os.write(2, b"before ")
    with native_output_discarded():
        os.write(2, b"inside ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"
