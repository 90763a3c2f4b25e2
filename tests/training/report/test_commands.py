import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from aezoo.cli import app
from aezoo.layers.bottleneck import Bottleneck, Whole
from aezoo.layers.quantizers import VectorQuantizer
from aezoo.training.report.commands import command_of, next_steps

COMMANDS = typer.main.get_command(app).commands


def told(folder, exports=(), interrupted=False):
    record = {"metrics": {"compression_ratio": 4.0}, "training": {"interrupted": interrupted}}
    record["input_shape"] = [8, 8, 1]
    return SimpleNamespace(folder=Path(folder), exports=list(exports), record=record)


def steps(run, bottleneck):
    found = next_steps(run, SimpleNamespace(bottleneck=bottleneck), command_of(run))
    return [code.text for code in found.iter("code")]


@pytest.mark.parametrize("bottleneck", [Bottleneck(), Whole(), VectorQuantizer(4, 0.25)])
def test_commands_exist(bottleneck, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    int8 = SimpleNamespace(name="my model.tflite", report=SimpleNamespace(precision="int8"))
    for run in (told("runs/a"), told(tmp_path, [int8], interrupted=True)):
        *lines, python = steps(run, bottleneck)
        for line in lines:
            program, name, *words = shlex.split(line)
            assert program == "aezoo"
            options = {option for one in COMMANDS[name].params for option in one.opts}
            assert {word for word in words if word.startswith("-")} <= options
        compile(python, "page", "exec")
    assert any("--resume" in line for line in lines)
    assert f"aezoo inspect {shlex.quote(str(tmp_path / 'my model.tflite'))}" in lines
    assert not any("export" in line for line in lines)


def test_what_a_model_cannot_do_is_not_told():
    *whole, _ = steps(told("a"), Whole())
    assert "aezoo denoise photo.png --model a" in whole
    assert not any("sample" in line for line in whole)
    assert not any("traversals" in line for line in steps(told("a"), VectorQuantizer(4, 0.25)))


def test_folders_that_a_shell_would_not_take():
    assert command_of(told("my runs/$HOME")) == "'my runs/$HOME'"
    assert command_of(told("-o")) == "./-o"
    assert steps(told("it's"), Bottleneck())[0] == """aezoo evaluate 'it'"'"'s'"""
