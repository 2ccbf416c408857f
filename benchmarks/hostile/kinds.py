"""Every kind of hostility, and how often it comes."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.hostile import forms, pictures, protocol
from benchmarks.hostile.attack import Attack, picture_form


@dataclass(frozen=True)
class Kind:
    """One kind of hostility.

    Attributes:
        make: one of it.
        share: of a thousand requests.
    """

    make: Callable[[Random], Attack]
    share: int


def shown(make: Callable[[Random], bytes], share: int) -> Kind:
    """Makes a kind of hostile pictures, which come in a good form."""
    return Kind(lambda random: picture_form(make(random)), share)


SLOW = "slow senders"
KINDS = {
    "pictures with changed bytes": shown(pictures.flipped, 100),
    "pictures that end early": shown(pictures.truncated, 80),
    "pictures of a false size": shown(pictures.of_false_size, 80),
    "decompression bombs": shown(pictures.bomb, 40),
    "animations, several pictures in one": shown(pictures.moving, 25),
    "CMYK, 16 bits, transparency, other formats": shown(pictures.of_odd_pixels, 45),
    "damaged or endless EXIF, XMP, colour profiles": shown(pictures.of_hostile_notes, 55),
    "no pictures: nothing, text, archives, programs": shown(pictures.no_picture, 45),
    "two things at once (polyglots)": shown(pictures.polyglot, 30),
    "of nearly 40 megapixels or 20 MB, or more": shown(pictures.huge, 15),
    "wrong content types": Kind(forms.of_wrong_type, 45),
    "broken forms": Kind(forms.broken, 50),
    "hostile file names": Kind(forms.of_hostile_name, 45),
    "broken base64": Kind(forms.of_broken_base64, 30),
    "broken JSON": Kind(forms.of_broken_json, 50),
    "paths and addresses as pictures": Kind(forms.of_address, 30),
    "paths and methods that are not there": Kind(protocol.of_path, 50),
    "odd headers": Kind(protocol.of_odd_header, 40),
    "giant headers": Kind(protocol.of_giant_header, 10),
    "false lengths": Kind(protocol.of_false_length, 25),
    "broken chunks": Kind(protocol.of_broken_chunks, 20),
    "no HTTP/1.1": Kind(protocol.no_http, 20),
    "half-closed connections": Kind(protocol.half_closed, 15),
    "reset connections": Kind(protocol.reset, 15),
    SLOW: Kind(protocol.slow, 40),
}


def attacks(count: int, *, seed: int) -> list[tuple[str, Attack]]:
    """Draws attacks, each kind in its share and at least once; slow senders first, so that the rest comes beside them.

    Args:
        count: about how many; the shares are rounded.
        seed: the same gives the same attacks.

    Returns:
        Each with its kind.
    """
    thousand = sum(kind.share for kind in KINDS.values())
    drawn = [
        (name, kind.make(Random(f"{seed} {name} {number}")))
        for name, kind in KINDS.items()
        for number in range(max(1, round(count * kind.share / thousand)))
    ]
    Random(seed).shuffle(drawn)
    return sorted(drawn, key=lambda one: one[0] != SLOW)
