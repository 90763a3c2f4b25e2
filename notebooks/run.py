"""Runs the notebooks anew from their scripts, and saves them with their outputs.

    python notebooks/run.py            # all
    python notebooks/run.py 01 07

What native libraries write to the standard error is left out: it is of this machine, and says
nothing to a reader.
"""

import sys
import tempfile
import time
from pathlib import Path

import jupytext
from nbclient import NotebookClient

HERE = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main():
    for script in sorted(HERE.glob("[0-9]*.py")):
        if len(sys.argv) == 1 or script.name[:2] in sys.argv[1:]:
            begin = time.perf_counter()
            run(script)
            print(f"{script.stem}: {time.perf_counter() - begin:.0f} s", flush=True)


def run(script):
    notebook = jupytext.read(script)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()
    notebook.metadata = METADATA
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"  # the same ones every time, for the sake of diffs
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = list(joined(out for out in cell.outputs if out.get("name") != "stderr"))
    jupytext.write(notebook, script.with_suffix(".ipynb"))


def joined(outputs):
    """Outputs with the pieces of text between which something was left out put together."""
    last = None
    for out in outputs:
        if last is not None and out.output_type == last.output_type == "stream":
            last.text += out.text
        else:
            last = out
            yield out


if __name__ == "__main__":
    main()
