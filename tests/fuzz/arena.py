"""Where mutated archives are read: a process with little memory and a watch on it, in folders of its own."""

import json
import os
import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

JUDGE = Path(__file__).with_name("judge.py")
START_SECONDS = 120
LIMIT_SECONDS = 60  # for one archive, of which the slowest takes about one, on a machine that does other things too
LIMIT_BYTES = 1 << 30


class Arena:
    """Lets a process judge archives, and starts another when one is lost."""

    def __init__(self, folder: Path, *, honest: bytes) -> None:
        """Makes the folders: an empty home, working and temporary folder, one for the archive, one for outputs."""
        self.folders = {name: folder / name for name in ("home", "work", "temporary", "input", "output")}
        for path in self.folders.values():
            path.mkdir()
        self.path = self.folders["input"] / "faces.zip"
        self.honest = honest
        self.log = (folder / "errors.txt").open("w+b")
        self.process: subprocess.Popen[str] | None = None
        self.begin()

    def begin(self, *, unchanged: Iterable[bytes] = ()) -> None:
        """Begins to count; what is unchanged counts as seen."""
        self.seen = set(unchanged)
        self.outcomes: Counter[str] = Counter()
        self.peak_bytes, self.longest_seconds = 0, 0.0

    def start(self) -> subprocess.Popen[str]:
        """Starts a judge and waits until it has read an honest archive."""
        self.path.write_bytes(self.honest)
        surroundings = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "PYTHONPATH")}
        process = subprocess.Popen(
            [sys.executable, "-B", JUDGE, self.folders["output"], str(LIMIT_BYTES), self.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            cwd=self.folders["work"],
            env={
                **surroundings,
                "HOME": str(self.folders["home"]),
                "TMPDIR": str(self.folders["temporary"]),
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
        answer(process, seconds=START_SECONDS)
        return process

    def judge(self, content: bytes) -> dict[str, Any]:
        """Has an archive read.

        Returns:
            The verdict of `judge.py`.

        Raises:
            AssertionError: it ended in another way than in records, rejects or one of the project's errors.
        """
        if self.process is None:
            self.process = self.start()
        self.path.write_bytes(content)
        self.process.stdin.write(json.dumps(str(self.path)) + "\n")
        self.process.stdin.flush()
        try:
            verdict = answer(self.process, seconds=LIMIT_SECONDS)
        except AssertionError:
            self.stop()
            raise
        self.check(verdict, content)
        self.seen.add(content)
        self.peak_bytes = max(self.peak_bytes, verdict["peak_bytes"])
        self.longest_seconds = max(self.longest_seconds, verdict["seconds"])
        self.outcomes[verdict.get("error", "records and rejects" if verdict.get("rejects") else "records")] += 1
        return verdict

    def check(self, verdict: dict[str, Any], content: bytes) -> None:
        """Checks all that must hold of any archive whatever."""
        assert "crash" not in verdict, verdict["crash"]
        assert verdict["is_same"], "warnings as errors change the result"
        assert not verdict["warnings"], verdict["warnings"]
        assert verdict["is_printable"], verdict
        assert not verdict["noted"], (
            f"wrote elsewhere, left its process, or logged what cannot be shown: {verdict['noted']}"
        )
        assert self.path.read_bytes() == content, "the archive was changed"
        for name in ("home", "work", "temporary"):
            assert not list(self.folders[name].iterdir()), f"something was left in {name}"
        left = {path.name for path in self.folders["output"].iterdir()} - {"records.csv", "rejects.csv", "audit.json"}
        assert not left, f"something was left beside the outputs: {left}"

    def errors(self) -> str:
        """Gives what judges wrote to standard error: nothing, where all is well."""
        self.log.flush()
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def summary(self) -> str:
        """Says how the archives ended, and what it took."""
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        return (
            f"{self.outcomes.total()} mutations: {outcomes}; longest {self.longest_seconds:.2f} s, "
            f"peak {self.peak_bytes / 1e6:.0f} MB above the start"
        )

    def stop(self) -> None:
        """Ends the judge."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def close(self) -> None:
        """Ends the judge, and closes its log."""
        self.stop()
        self.log.close()


def answer(process: subprocess.Popen[str], *, seconds: float) -> dict[str, Any]:
    """Waits for a judge's answer."""
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    assert ready, f"hangs: no answer in {seconds} s"
    line = process.stdout.readline()
    assert line, f"the process died: {process.wait()}"
    return json.loads(line)
