"""`python -m aezoo`: the commands, where no script was installed."""

from aezoo.cli import app

if __name__ == "__main__":
    app(prog_name="aezoo")
