"""The least that input can cost: libjpeg-turbo from memory to uint8 pixels on all cores, by simplejpeg; nothing kept.

    .venv-peers/bin/python benchmarks/decode_limit.py --pictures folder

Prints images a second and processor seconds an image. Imports nothing of the product.
"""

import argparse
import json
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import simplejpeg


def main() -> None:
    """Decodes for some seconds on each core, prints the rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--warm-up-seconds", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=4.0)
    arguments = parser.parse_args()
    contents = [file.read_bytes() for file in sorted(arguments.pictures.rglob("*.jpg"))]
    workers = len(os.sched_getaffinity(0))

    def decode_for(seconds: float) -> int:
        started, count = time.monotonic(), 0
        while time.monotonic() - started < seconds:
            simplejpeg.decode_jpeg(contents[count % len(contents)], fastdct=False, fastupsample=False)
            count += 1
        return count

    with ThreadPoolExecutor(workers) as executor:
        list(executor.map(decode_for, [arguments.warm_up_seconds] * workers))
        used_before, started = processor_seconds(), time.monotonic()
        count = sum(executor.map(decode_for, [arguments.seconds] * workers))
        seconds = time.monotonic() - started
    used = processor_seconds() - used_before
    print(json.dumps({"images_per_second": count / seconds, "processor_seconds_per_image": used / count}))


def processor_seconds() -> float:
    """Says what this process has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
