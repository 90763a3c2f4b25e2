import logging
import os

from aezoo.system.quiet import native_output_discarded, retracing_unremarked


def test_only_inside(capfd):
    os.write(2, b"before ")
    with native_output_discarded():
        os.write(2, b"inside ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_tensorflow_logs_warnings_alone():
    log = logging.getLogger("tensorflow")
    before = log.level
    log.setLevel(logging.INFO)
    try:
        with native_output_discarded():
            assert log.level == logging.WARNING
        assert log.level == logging.INFO
    finally:
        log.setLevel(before)


def test_only_what_is_traced_anew_is_left_out(caplog):
    log = logging.getLogger("tensorflow")
    with caplog.at_level(logging.WARNING, "tensorflow"):
        log.propagate, before = True, log.propagate
        try:
            with retracing_unremarked():
                log.warning("5 calls triggered tf.function retracing.")
                log.warning("another")
            log.warning("retracing, later")
        finally:
            log.propagate = before
    assert caplog.messages == ["another", "retracing, later"]
