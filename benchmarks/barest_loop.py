"""The least that reading a zip of JPEGs can cost: read, check the CRC, decode, on all cores; nothing is kept.

    python benchmarks/barest_loop.py --archive faces.zip --decoder pillow --way processes --images 10000

Prints images a second, without what comes before the first image: starting, and reading the zip's directory. Imports
nothing of the product, so that it runs as well in the environment of the peers, whose decoders the product lacks.
"""

import argparse
import functools
import io
import multiprocessing
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

Place = tuple[int, int, int]  # of one member: where its bytes begin, how many they are, their CRC

CHUNK_IMAGES = 250
LOCAL_HEADER = struct.Struct("<26x2H")  # its fixed part; the last two say how long name and extra field are
WAYS: dict[str, Callable[[int], Executor]] = {
    "processes": lambda workers: ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")),
    "threads": ThreadPoolExecutor,
}


def main() -> None:
    """Reads, checks and decodes JPEGs of a zip; prints the rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True, help="a zip that stores its members")
    parser.add_argument("--decoder", choices=DECODERS, required=True)
    parser.add_argument("--way", choices=WAYS, required=True)
    parser.add_argument("--images", type=int, required=True, help="how many to read, spread over the archive")
    arguments = parser.parse_args()
    places = find_places(arguments.archive)
    places = places[:: max(1, len(places) // arguments.images)]
    chunks = [places[start : start + CHUNK_IMAGES] for start in range(0, len(places), CHUNK_IMAGES)]
    work = functools.partial(read_chunk, arguments.archive, arguments.decoder)
    workers = len(os.sched_getaffinity(0))
    with WAYS[arguments.way](workers) as executor:
        list(executor.map(work, chunks[:workers]))  # starts the workers and loads the decoder
        started = time.monotonic()
        num_images = sum(executor.map(work, chunks))
        seconds = time.monotonic() - started
    print(num_images / seconds)


def find_places(archive: Path) -> list[Place]:
    """Finds where the bytes of each JPEG lie."""
    places = []
    with zipfile.ZipFile(archive) as opened, archive.open("rb") as file:
        for entry in opened.infolist():
            if entry.filename.endswith(".jpg"):
                file.seek(entry.header_offset)
                lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
                offset = entry.header_offset + LOCAL_HEADER.size + sum(lengths)
                places.append((offset, entry.file_size, entry.CRC))
    return places


def read_chunk(archive: Path, decoder: str, places: Sequence[Place]) -> int:
    """Reads, checks and decodes some members; gives their number."""
    decode = load_decoder(decoder)
    with archive.open("rb", buffering=0) as file:
        for offset, num_bytes, crc in places:
            content = os.pread(file.fileno(), num_bytes, offset)
            if zlib.crc32(content) != crc:
                raise ValueError(f"{archive}: a wrong CRC at {offset}")
            decode(content)
    return len(places)


@functools.cache
def load_decoder(name: str) -> Callable[[bytes], object]:
    """Imports a decoder; all are libjpeg-turbo, to RGB."""
    return DECODERS[name]()


def pillow() -> Callable[[bytes], object]:
    """Decodes with Pillow."""
    from PIL import Image

    return lambda content: Image.open(io.BytesIO(content), formats=("JPEG",)).load()


def simplejpeg() -> Callable[[bytes], object]:
    """Decodes with simplejpeg."""
    import simplejpeg

    return lambda content: simplejpeg.decode_jpeg(content, fastdct=False, fastupsample=False)


DECODERS = {"pillow": pillow, "simplejpeg": simplejpeg}


if __name__ == "__main__":
    main()
