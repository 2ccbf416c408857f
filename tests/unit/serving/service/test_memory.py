"""Memory after large pictures, in a process of its own: what a process was told, it cannot be told to forget."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from pathlib import Path
from threading import Thread

from PIL import Image

from unmask.serving.service.memory import return_large_blocks

if sys.argv[1] == "told":
    return_large_blocks()
kept = []

def work():
    for _ in range(3):
        picture = Image.new("RGB", (5_000, 5_000)).convert("RGBA")
        kept.append(Image.new("RGB", (900, 900)))

for _ in range(2):
    thread = Thread(target=work)
    thread.start()
    thread.join()
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))
"""


def megabytes(word: str) -> float:
    done = subprocess.run([sys.executable, "-c", SCRIPT, word], capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's setting")
def test_large_blocks_go_back_to_the_system():
    # 36 and 389 here, with glibc 2.36.
    assert megabytes("told") < megabytes("untold") / 2
