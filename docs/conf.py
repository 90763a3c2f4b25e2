"""How the site is built: `sphinx-build -W docs OUTPUT`, offline."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import generated
import links

import aezoo

project = "aezoo"
author = "The aezoo developers"
version = release = aezoo.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "accessible",
    "mathml",
]
exclude_patterns = ["families", "catalogue/sweep.md", "catalogue/int8.md", "catalogue/commands.md"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # notebooks are saved with their outputs
default_role = "code"  # docstrings have Markdown's backquotes
napoleon_use_ivar = True
napoleon_custom_sections = ["Reference", "Call arguments", "Yields"]
autodoc_typehints = "none"  # docstrings say more than types
autodoc_member_order = "bysource"
html_theme = "furo"
html_title = f"aezoo {release}"
html_show_sphinx = False
html_math_renderer = "mathml"


HIDDEN = {"build", "call", "compute_loss", "from_config", "get_config"}  # for Keras alone


def skipped(app, what, name, value, skip, options):
    """What others call: Keras, and scikit-learn's routing of metadata."""
    own = name in HIDDEN or name.endswith(("_own_variables", "_request"))
    return True if own else None


def setup(app):
    generated.write()
    if left := generated.missing():
        raise ValueError(f"No topic of docs/generated.py has {', '.join(left)}.")
    app.connect("autodoc-skip-member", skipped)
    app.connect("build-finished", links.check)
