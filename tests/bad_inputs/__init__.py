"""Mistakes, and the verdict on what each of them gets.

A call is to raise an error that it documents, a `ValueError`, `TypeError`, `FileNotFoundError` and
the like, whose message has the words of its table: the argument or its value, what was expected,
or what to do. A command is to end with the status 2 or 1, and a short message on stderr
that has its words, without a traceback, and to write nothing. `run` tries all of them, as
`benchmarks/reliability.py` does; `test_bad_input.py` tries the quick ones.
"""

import re
from pathlib import Path

from tests.bad_inputs import calls, commands, fitting, pictures

ERRORS = (ValueError, TypeError, FileNotFoundError, FileExistsError, ImportError)
LONGEST = 600  # characters of a message
CALLS = fitting.calls() | pictures.calls() | calls.calls()
COMMANDS = commands.COMMANDS
FINE = "clear"


def run():
    """Makes every mistake.

    Returns:
        List of pairs: the name of a mistake, and the verdict, which begins with `"clear"`,
        `"unclear"`, `"accepted"`, `"traceback"`, `"wrong exit code"` or `"wrote"`.
    """
    found = [(name, of_call(*case)) for name, case in CALLS.items()]
    with commands.prepared() as folder:
        found += [(name, of_command(folder, *case)) for name, case in COMMANDS.items()]
    return found


def of_call(call, words):
    """The verdict on a call with a mistake."""
    try:
        result = call()
    except ERRORS as error:
        return of_message(str(error), words)
    except Exception as error:
        return f"traceback: {type(error).__name__}: {error}"
    return f"accepted: {type(result).__name__}"


def of_command(folder, arguments, words):
    """The verdict on a command with a mistake, in a prepared folder."""
    before = _files(folder)
    result = commands.invoke(arguments)
    said = " ".join(re.sub("[│╭╮╰╯─]", " ", result.stderr).split())
    if "Traceback" in said or not isinstance(result.exception, (SystemExit, type(None))):
        return f"traceback: {result.exception!r}: {said}"
    if result.exit_code not in (1, 2):
        return f"wrong exit code: {result.exit_code}: {said}"
    if _files(folder) != before:
        return f"wrote: {sorted(set(_files(folder)) - set(before))}"
    return of_message(said, re.escape(words))


def of_message(message, words):
    """The verdict on what is said."""
    fits = re.search(words, message, re.DOTALL) and len(message) <= LONGEST
    return FINE if fits else f"unclear: {message!r}, without {words!r}"


def _files(folder):
    return {str(path): path.stat().st_mtime_ns for path in Path(folder).rglob("*")}
