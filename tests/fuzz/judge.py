"""Reads one archive after another as the stages do, in a process of its own, and says how each ended.

Run by `arena.py`. Takes a line of JSON for each archive, and answers with one. Every archive is read twice: with
warnings as errors, as in the tests, and as a stage reads it; both must end alike, and say nothing.
"""

import hashlib
import json
import logging
import os
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.artifacts import write_csv, write_json
from unmask.config import IndexConfig, PreprocessConfig
from unmask.data import preprocess
from unmask.data.archives.contents import locate
from unmask.data.archives.reader import ArchiveReader
from unmask.data.index import index_archive
from unmask.data.pictures.decoding import decode, fit_image
from unmask.errors import UnmaskError
from unmask.text import has_controls

# All may be rejected, so that what is wrong with one picture does not hide the next.
INDEX = IndexConfig(workers=1, max_pixels=40_000_000, max_reject_share=1.0)
CONFIGS = [
    PreprocessConfig(
        image_size=32, fit="resize", resample="lanczos", equalise=0, train_share=1.0, shard_megabytes=1.0, workers=1
    ),
    PreprocessConfig(
        image_size=36, fit="crop", resample="box", equalise=90, train_share=1.0, shard_megabytes=1.0, workers=1
    ),
]
# What Python tells an auditor of when a program changes files, starts programs or opens connections:
# https://docs.python.org/3/library/audit_events.html
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
NEVER = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.connect", "socket.bind")


class Listener(logging.Handler):
    """Keeps what the project logs, which may name members, and checks that it can be shown."""

    def __init__(self) -> None:
        """Listens to the project's log in the place of a terminal."""
        super().__init__()
        self.unprintable: list[str] = []
        logger = logging.getLogger("unmask")
        logger.addHandler(self)
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one message."""
        text = record.getMessage()
        if "\n" in text or not is_printable(text):
            self.unprintable.append(text)


class Auditor:
    """Notes every write outside one folder, and whatever no reader of an archive does."""

    def __init__(self, allowed: Path) -> None:
        """Begins to listen; that cannot be undone, so this process does nothing else."""
        self.allowed = str(allowed)
        self.noted: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, details: tuple[Any, ...]) -> None:
        """Takes one event."""
        paths: list[Any] = []
        if event == "open" and isinstance(details[2], int) and details[2] & WRITING_FLAGS:
            paths = [details[0]]
        elif event in CHANGES:
            paths = [path for path in details if isinstance(path, str | bytes | os.PathLike)]
        elif event in NEVER:
            self.noted.append(event)
        outside = [path for path in paths if not isinstance(path, int) and not self.is_inside(path)]
        self.noted += [f"{event} {os.fsdecode(path)}" for path in outside]

    def is_inside(self, path: Any) -> bool:
        """Whether a path lies in the allowed folder."""
        return os.path.abspath(os.fsdecode(path)).startswith(self.allowed)  # noqa: PTH100 (of bytes too)


def main() -> None:
    """Answers until there is no more to judge."""
    allowed, limit_bytes = Path(sys.argv[1]), int(sys.argv[2])
    examine(Path(sys.argv[3]), allowed)  # so that everything that is loaded late is loaded before memory is limited
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + limit_bytes, resource.RLIM_INFINITY))
    auditor, listener = Auditor(allowed), Listener()
    say({"ready": True})
    for line in sys.stdin:
        started = time.monotonic()
        verdict = judge(Path(json.loads(line)), allowed)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        verdict |= {
            "noted": auditor.noted + listener.unprintable,
            "seconds": time.monotonic() - started,
            "peak_bytes": 1024 * peak,
        }
        say(verdict)
        auditor.noted, listener.unprintable = [], []


def say(verdict: dict[str, Any]) -> None:
    """Answers with one line."""
    sys.stdout.write(json.dumps(verdict) + "\n")
    sys.stdout.flush()


def judge(path: Path, allowed: Path) -> dict[str, Any]:
    """Examines an archive with and without warnings as errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            strict = examine(path, allowed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            usual = examine(path, allowed)
    except BaseException:  # noqa: BLE001 (whatever it is, it is what is looked for)
        return {"crash": traceback.format_exc()}
    return usual | {"is_same": strict == usual, "warnings": [str(warning.message) for warning in caught]}


def examine(path: Path, allowed: Path) -> dict[str, Any]:
    """Reads an archive as `index` and `preprocess` do.

    Returns:
        What became of it: the error that ended it, or its records, rejects, and hashes of what was made of them.
    """
    try:
        index = index_archive(path, INDEX)
    except UnmaskError as error:
        return {"error": type(error).__name__, "message": str(error), "is_printable": is_printable(str(error))}
    rejects = list(index.rejects.itertuples(index=False, name=None))
    for name, table in (("records.csv", index.records), ("rejects.csv", index.rejects)):
        write_csv(allowed / name, table)
        read = pd.read_csv(allowed / name, dtype=str, keep_default_na=False, encoding="utf-8")
        if read["member"].tolist() != table["member"].tolist():
            raise AssertionError(f"{name} does not come back as it was written")
    write_json(allowed / "audit.json", index.audit)
    texts = [*index.records["member"], *(text for reject in rejects for text in reject)]
    return {
        "records": index.records["member"].tolist(),
        "rejects": rejects,
        "is_printable": all(is_printable(text) and "\n" not in text for text in texts),
        "made": [make(path, name) for name in index.records["member"]],
    }


def make(path: Path, name: str) -> str:
    """Prepares one record in every way, and hashes what comes out."""
    with ArchiveReader(path) as reader:
        content = reader.read(locate(path, [name])[0])
    made = hashlib.sha256()
    picture = decode(content, max_pixels=INDEX.max_pixels)
    for config in CONFIGS:
        try:
            made.update(fit_image(picture, size=config.image_size, fit=config.fit, resample=config.resample).tobytes())
            made.update(preprocess.stored_image(content, config=config, max_pixels=INDEX.max_pixels))
        except UnmaskError as error:
            made.update(str(error).encode())
    return made.hexdigest()


def is_printable(text: str) -> bool:
    """Whether a text can be shown: its lines hold nothing that changes what a terminal shows."""
    return not any(has_controls(line) for line in text.split("\n"))


if __name__ == "__main__":
    main()
