"""Runs the program, and makes Python values of what it says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from ._captures import Capture, is_path, lines


class SkewmemError(RuntimeError):
    """The program failed: `message` says why, `code` is its exit status."""

    def __init__(self, message: str, code: int):
        super().__init__(message)
        self.message, self.code = message, code


class UsageError(SkewmemError):
    """An argument is wrong."""


class DataError(SkewmemError):
    """What was read is wrong: `file`, `line` and `field`, each None where the program does not say."""

    def __init__(self, message: str, code: int):
        super().__init__(message, code)
        found = re.search(r"^(?:skewmem: )?(?P<file>[^\n:]+):(?:(?P<line>\d+):)? (?:(?P<field>[a-z_]+(?:\[\d+\])*): )?", message, re.MULTILINE)
        self.file: Optional[str] = found["file"] if found else None
        self.line: Optional[int] = int(found["line"]) if found and found["line"] else None
        self.field: Optional[str] = found["field"] if found else None


def program() -> str:
    """The path of the program: that of this package, or the one on the PATH (`SKEWMEM` in the environment comes first)."""
    own = Path(__file__).parent / "skewmem"
    found = os.environ.get("SKEWMEM") or (str(own) if own.exists() else shutil.which("skewmem"))
    if not found:
        raise SkewmemError("the skewmem program is neither in this package nor on the PATH", 127)
    return found


def environment() -> dict[str, str]:
    """The environment in which the program finds this package, which reads tables for it."""
    folder = str(Path(__file__).parents[1])
    paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"SKEWMEM_PYTHON": sys.executable, **os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def main() -> None:
    """The command `skewmem`: the program itself takes this process's place."""
    os.execve(program(), ["skewmem", *sys.argv[1:]], environment())


def version() -> str:
    """The program's version and commit."""
    return subprocess.run([program(), "--version"], check=True, capture_output=True, text=True).stdout.strip()


class Report:
    """A report: its keys are attributes, with the names and units of `Documentation/json-output.md`."""

    def __init__(self, values: dict[str, Any], call: Optional["_Call"] = None):
        self._values, self._call = values, call
        self._html: Optional[str] = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"the report has no {name}; it has {', '.join(sorted(self._values))}") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        return f"<skewmem report {self._values.get('schema', '')}>"

    def to_dict(self) -> dict[str, Any]:
        """The whole report as it is in JSON."""
        return self._values

    # `records` of an audit is their number; the list that a table is made of has another name in each report.
    _LISTS = ("records_at_risk", "passages", "works", "riskiest", "spans", "families", "fits", "data_sets")

    @property
    def records(self) -> Any:
        """The report's list of records as a pandas DataFrame; a list of dicts where pandas is not installed."""
        own = self._values.get("records")
        rows = own if isinstance(own, list) else next((self._values[name] for name in self._LISTS if isinstance(self._values.get(name), list)), [])
        try:
            import pandas
        except ImportError:
            return rows
        return pandas.json_normalize(rows)

    @property
    def html(self) -> str:
        """The report as a page that needs no network. The program runs once more; a capture that can be read only once has none."""
        if self._html is None:
            if self._call is None or not self._call.can_repeat:
                raise SkewmemError("the capture was an iterator, which is used up: give a list or a path", 64)
            self._html = self._call.output("html").decode()
        return self._html

    def _repr_html_(self) -> str:
        from html import escape

        try:
            page = self.html
        except SkewmemError:
            return f"<pre>{escape(json.dumps(self._values, indent=1)[:2000])}</pre>"
        return f'<iframe srcdoc="{escape(page, quote=True)}" style="width:100%;height:40rem;border:1px solid #ccc"></iframe>'


def _option(name: str, value: Any) -> list[str]:
    option = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    if isinstance(value, dict):
        return [option, ",".join(f"{key}={element}" for key, element in value.items())]
    if isinstance(value, (list, tuple)) and all(isinstance(element, (int, float)) for element in value):
        return [option, ",".join(repr(element) for element in value)]
    if isinstance(value, (list, tuple)):
        return [part for element in value for part in _option(name, element)]
    # In one argument, so that a flag does not take the value for a capture.
    return [f"{option}={_path(value) if isinstance(value, os.PathLike) else value}"]


def _path(path: Any) -> str:
    """A path as an argument: `~` is the home folder, and a name that begins with - no option."""
    path = os.path.expanduser(os.fspath(path))
    return f"./{path}" if path.startswith("-") and path != "-" else path


def _plain(value: Any) -> Any:
    """Python's numbers and lists in place of numpy's."""
    return value.tolist() if hasattr(value, "tolist") and getattr(value, "ndim", 2) < 2 else value


def _are_paths(capture: Capture) -> bool:
    return isinstance(capture, (list, tuple)) and len(capture) > 0 and all(is_path(element) for element in capture)


class _Call:
    """A command with its captures: paths as they are, the first other one on standard input, the rest through pipes."""

    def __init__(self, command: Sequence[str], captures: Sequence[Capture], options: dict[str, Any]):
        options = {key: _plain(value) for key, value in options.items()}
        for key in ("output", "format"):
            if key in options:
                raise UsageError(f"{key} is no option here: a report has to_dict(), records and html, which can be written to files", 64)
        # A list of paths is as many captures.
        flattened = [path for capture in captures for path in (capture if _are_paths(capture) else [capture])]
        for capture in flattened:
            if not is_path(capture) and not hasattr(capture, "__iter__") and not hasattr(capture, "to_batches"):
                raise UsageError(f"a capture is a path, a list of records, a table or a dict of arrays, not {capture!r}", 64)
        self.command, self.captures, self.options = list(command), flattened, options
        given = [*captures, *(value for value in options.values() if not isinstance(value, (str, int, float, bool, type(None))))]
        # An iterator is its own iterator, and is used up by one run.
        self.can_repeat = not any(isinstance(value, Iterator) for value in given)

    def output(self, form: str) -> bytes:
        with contextlib.ExitStack() as stack:
            feeds: list[tuple[int, Any]] = []
            passed: list[int] = []
            inputs: list[Any] = []

            names: dict[str, str] = {}

            def name(capture: Capture, option: Optional[str] = None) -> str:
                if is_path(capture):
                    return _path(capture)
                if not inputs:
                    inputs.append(capture)
                    return "-"
                read, write = os.pipe()
                passed.append(read)
                names[f"/dev/fd/{read}"] = option or f"capture {len(passed) + 1}"
                feeds.append((write, capture))
                return f"/dev/fd/{read}"

            arguments = [program(), *self.command]
            # A chain of several captures is several arguments.
            arguments += [name(capture) for capture in self.captures]
            for key, value in self.options.items():
                isCapture = value is not None and key != "columns" and not isinstance(value, (str, os.PathLike, int, float, bool)) and not (
                    isinstance(value, (list, tuple)) and all(isinstance(element, (str, int, float, os.PathLike)) for element in value)
                )
                arguments += _option(key, name(value, key) if isCapture else value)
            arguments += ["--format", form]
            if "quiet" not in self.options:
                arguments.append("--quiet")
            child = subprocess.Popen(
                arguments, stdin=subprocess.PIPE if inputs else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=passed,
                env=environment(),
            )
            stack.callback(_end, child)
            for descriptor in passed:
                os.close(descriptor)
            failures: list[BaseException] = []

            def feed(stream: Any, capture: Capture) -> None:
                try:
                    with stream:
                        for line in lines(capture, self.options.get("columns")):
                            stream.write(line)
                except BrokenPipeError:
                    pass  # the program has said why
                except BaseException as error:  # the caller's iterator may raise anything
                    failures.append(error)
                    child.kill()

            threads = [threading.Thread(target=feed, args=(os.fdopen(write, "wb"), capture), daemon=True) for write, capture in feeds]
            if inputs:
                threads.append(threading.Thread(target=feed, args=(child.stdin, inputs[0]), daemon=True))
                child.stdin = None
            for thread in threads:
                thread.start()
            output, errors = child.communicate()
            for thread in threads:
                thread.join()
            if failures:
                raise failures[0]
            if child.returncode != 0:
                message = errors.decode(errors="replace").strip() or f"skewmem ended with {child.returncode}"
                for descriptor, argument in names.items():
                    message = message.replace(descriptor, argument)
                kind = {64: UsageError, 65: DataError}.get(child.returncode, SkewmemError)
                raise kind(message, child.returncode)
            return output


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Leaves no process behind, whatever happened."""
    if child.poll() is None:
        child.kill()
        child.wait()
    for stream in (child.stdout, child.stderr):
        if stream:
            stream.close()


def run(command: str | Sequence[str], *captures: Capture, **options: Any) -> Report:
    """Runs a command that prints a report.

    command: its name, e.g. `"audit"`, or a list for one with two words. captures: paths, or what `lines` takes. options: those of the command line.
    Raises DataError, UsageError or SkewmemError; whatever an iterator of records raises goes through.
    """
    call = _Call([command] if isinstance(command, str) else command, captures, options)
    return Report(json.loads(call.output("json")), call)


def audit(*captures: Capture, **options: Any) -> Report:
    """The riskiest records, how far matches go, what an average hides. `held_out` and `reference` are captures too."""
    return run("audit", *captures, **options)


def check(*captures: Capture, **options: Any) -> Report:
    """Whether values can be log-probabilities of the text by one model. Raises DataError where they cannot."""
    return run("check", *captures, **options)


def works(*captures: Capture, **options: Any) -> Report:
    """How much of whole works a model repeats, from windows of them."""
    return run("works", *captures, **options)


def fit(capture: Capture, **options: Any) -> Report:
    """Families of laws fitted to match lengths."""
    return run("fit", capture, **options)


def predict(capture: Capture, *, length: int | Sequence[int], **options: Any) -> Report:
    """The probability that records come out for `length` tokens, in `draws` draws, under any decoding."""
    return run("predict", capture, length=length if isinstance(length, int) else list(length), **options)


def validate(capture: Capture, *, generations: Capture, **options: Any) -> Report:
    """Predictions against sampled generations."""
    return run("validate", capture, generations=generations, **options)


def metrics(capture: Capture, **options: Any) -> Report:
    """Every established metric beside the exact tail risk; `records` has a row for each record."""
    return run("metrics", capture, **options)


def compare(*captures: Capture, **options: Any) -> Report:
    """Checkpoints and data sets against each other."""
    return run("compare", *captures, **options)


def drivers(*captures: Capture, **options: Any) -> Report:
    """What goes with longer matches."""
    return run("drivers", *captures, **options)


def limits(capture: Capture, **options: Any) -> Report:
    """What perfect memory of the training set would repeat."""
    return run("limits", capture, **options)


def similarity(capture: Capture, **options: Any) -> Report:
    """How alike records are, and what that has to do with their risk."""
    return run("similarity", capture, **options)


def mitigate(capture: Capture, *, length: int, **options: Any) -> Report:
    """What would make the tail shorter, and at what price."""
    return run("mitigate", capture, length=length, **options)


def prefixes(capture: Capture, **options: Any) -> Report:
    """References after several prefixes each."""
    return run("prefixes", capture, **options)


def overlap(*works: str, generations: Capture, **options: Any) -> Report:
    """How much of works (paths of texts) stands in generated texts."""
    return run("overlap", *works, generations, **options)


def calibrate(statements: Capture, **options: Any) -> Report:
    """Whether stated probabilities come true."""
    return run("calibrate", statements, **options)


def canaries_audit(capture: Capture, *, seal: str, **options: Any) -> Report:
    """Lower bounds of ε and exposure, from a capture of all canaries."""
    return run(["canaries", "audit"], capture, seal=seal, **options)


def plan(*, records: int, **options: Any) -> Report:
    """How many records to audit, and what a small audit shows."""
    return run("plan", records=records, **options)
