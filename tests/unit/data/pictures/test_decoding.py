import io
import warnings

import numpy as np
import pytest
from PIL import Image

from unmask.data.pictures.decoding import decode, fit_image, jpeg_quality, open_image
from unmask.errors import ImageError

MAX_PIXELS = 100_000
ROTATED_BY_90 = 6  # EXIF orientation: shown rotated a quarter to the right
ORIENTATION = 0x0112


def encode(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def read(content):
    return decode(content, max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_reads_each_format_as_rgb(make_image, format):
    image = read(make_image(size=(40, 30), format=format))
    assert (image.mode, image.size) == ("RGB", (40, 30))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_reads_greyscale_and_cmyk_jpegs_as_rgb(make_picture, mode):
    picture = make_picture().convert(mode)
    image = read(encode(picture, "JPEG", quality=95))
    difference = np.abs(np.asarray(image).astype(int) - np.asarray(picture.convert("RGB")).astype(int))
    assert image.mode == "RGB"
    assert difference.mean() < 5


def test_reads_16_bit_greyscale_by_its_high_byte():
    # 257 * v is the 16-bit value of the 8-bit value v: 65535 = 257 * 255.
    deep = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    image = read(encode(Image.fromarray(deep), "PNG"))
    assert np.asarray(image)[0].tolist() == [[0] * 3, [100] * 3, [255] * 3]


def test_refuses_a_transparent_16_bit_picture():
    deep = np.array([[0, 300]], dtype=np.uint16)
    with pytest.raises(ImageError, match="transparent pixels"):
        read(encode(Image.fromarray(deep), "PNG", transparency=300))


def test_drops_an_opaque_alpha_channel(make_picture):
    picture = make_picture()
    assert np.array_equal(np.asarray(read(encode(picture.convert("RGBA"), "PNG"))), np.asarray(picture))


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_refuses_transparent_pixels(make_picture, format):
    picture = make_picture().convert("RGBA")
    picture.putpixel((3, 3), (1, 2, 3, 0))
    with pytest.raises(ImageError, match="transparent pixels"):
        read(encode(picture, format))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_applies_exif_rotation(make_picture, format):
    exif = Image.Exif()
    exif[ORIENTATION] = ROTATED_BY_90
    picture = make_picture(size=(40, 30))
    image = read(encode(picture, format, exif=exif))
    upright = np.asarray(picture.transpose(Image.Transpose.ROTATE_270)).astype(int)
    assert image.size == (30, 40)
    assert np.abs(np.asarray(image).astype(int) - upright).mean() < 25  # of another rotation: about 80


@pytest.mark.parametrize(("format", "options"), [("WEBP", {}), ("PNG", {})])
def test_refuses_animations(make_picture, format, options):
    content = encode(make_picture(1), format, save_all=True, append_images=[make_picture(2)], **options)
    with pytest.raises(ImageError, match="animated: 2 frames"):
        read(content)


def test_reads_the_photograph_of_a_jpeg_with_further_pictures(make_picture):
    first = make_picture(1)
    content = encode(first, "MPO", save_all=True, append_images=[make_picture(2)])
    assert np.abs(np.asarray(read(content)).astype(int) - np.asarray(first).astype(int)).mean() < 12


def test_refuses_an_empty_file():
    with pytest.raises(ImageError, match="empty file"):
        read(b"")


@pytest.mark.parametrize("content", [b"no image at all", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_refuses_what_is_no_image(content):
    with pytest.raises(ImageError, match=r"not a JPEG, PNG, WEBP image|damaged header|truncated: a JPEG"):
        read(content)


@pytest.mark.parametrize("format", ["GIF", "BMP", "TIFF"])
def test_refuses_other_formats(make_image, format):
    with pytest.raises(ImageError, match="not a JPEG, PNG, WEBP image"):
        read(make_image(format=format))


@pytest.mark.parametrize("options", [{"quality": 75}, {"quality": 75, "progressive": True}])
def test_refuses_a_jpeg_cut_anywhere(make_image, options):
    content = make_image(**options)
    for length in range(len(content)):
        with pytest.raises(ImageError):
            read(content[:length])


def test_refuses_a_jpeg_whose_rest_was_never_written(make_image):
    # A download into a file of the final size that stopped half way: zeros to the end, which decode as grey. Blocks
    # of zeros take some 24 bytes, so at a high quality there are enough of them for the decoder to be content.
    content = make_image(size=(200, 200), quality=100)
    half = len(content) // 2
    with pytest.raises(ImageError, match="truncated"):
        read(content[:half] + bytes(len(content) - half))


def test_reads_a_jpeg_with_something_after_its_end(make_image):
    assert read(make_image() + b"camera notes" + bytes(100)).size == (48, 48)


# After the end: a camera's notes, a film of a motion photo that has a scan's marker in it, a second whole picture, and
# a second one that is cut.
@pytest.mark.parametrize("tail", ["notes", "film", "picture", "cut picture"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
def test_what_follows_a_jpegs_own_end_is_ignored(make_image, tail, options):
    second = make_image(2)
    tails = {"notes": bytes(9), "film": b"ftyp\xff\xda\x00", "picture": second, "cut picture": second[:-20]}
    assert read(make_image(1, **options) + tails[tail]).size == (48, 48)


def test_a_cut_jpeg_is_refused_whatever_follows_it(make_image):
    with pytest.raises(ImageError, match="truncated: a JPEG without its end"):
        read(make_image(1)[:-20] + make_image(2))


def test_the_end_of_a_jpegs_thumbnail_is_not_the_jpegs(make_image):
    thumbnail = make_image(2, size=(16, 16))
    content = make_image(1, exif=b"Exif\x00\x00" + thumbnail)
    assert thumbnail in content
    with pytest.raises(ImageError, match="truncated: a JPEG without its end"):
        open_image(content[:-2], max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_refuses_a_truncated_png_or_webp(make_image, format):
    content = make_image(format=format)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(ImageError):
            read(content[: int(len(content) * share)])


def test_refuses_more_pixels_than_allowed_without_decoding(make_image):
    content = make_image(size=(400, 300), format="PNG")
    with pytest.raises(ImageError, match="400x300 is more than the 100000 pixels allowed"):
        open_image(content, max_pixels=MAX_PIXELS)


@pytest.mark.parametrize("side", [10_000, 20_000])
def test_refuses_a_decompression_bomb(side):
    # Pillow warns of the first and refuses the second by itself.
    content = encode(Image.new("1", (side, side)), "PNG")
    with pytest.raises(ImageError, match="more than the 100000 pixels allowed"):
        read(content)


def test_no_damage_raises_anything_but_an_image_error(make_image):
    generator = np.random.default_rng(7)
    for format in ("JPEG", "PNG", "WEBP"):
        content = make_image(format=format)
        for _ in range(200):
            damaged = bytearray(content)
            for position in generator.integers(0, len(damaged), 4):
                damaged[position] = generator.integers(0, 256)
            try:
                with warnings.catch_warnings():
                    # Pillow warns of damaged metadata, which is no fault of the picture.
                    warnings.simplefilter("ignore")
                    read(bytes(damaged))
            except ImageError:
                pass


@pytest.mark.parametrize("quality", [1, 10, 25, 50, 75, 90, 95, 100])
def test_estimates_the_jpeg_quality(make_image, quality):
    assert jpeg_quality(open_image(make_image(quality=quality), max_pixels=MAX_PIXELS)) == quality


def test_other_formats_have_no_jpeg_quality(make_image):
    assert jpeg_quality(open_image(make_image(format="PNG"), max_pixels=MAX_PIXELS)) is None


def test_resize_keeps_the_centred_square(make_picture):
    # White, with a black stripe at each end of the long side: the centred square holds none of them.
    picture = Image.new("RGB", (60, 40), "white")
    picture.paste("black", (0, 0, 10, 40))
    picture.paste("black", (50, 0, 60, 40))
    pixels = fit_image(picture, size=20, fit="resize", resample="box")
    assert pixels.shape == (20, 20, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == 255).all()


def test_box_resize_averages_blocks():
    # Blocks of 2 x 2: mean of (0, 100, 0, 100) = 50.
    picture = Image.fromarray(np.tile(np.array([[0, 100]], dtype=np.uint8), (4, 2))).convert("RGB")
    assert (fit_image(picture, size=2, fit="resize", resample="box") == 50).all()


def test_crop_keeps_native_pixels(make_picture):
    picture = make_picture(size=(50, 40))
    pixels = fit_image(picture, size=20, fit="crop", resample="box")
    assert np.array_equal(pixels, np.asarray(picture)[10:30, 15:35])


def test_refuses_a_crop_larger_than_the_picture(make_picture):
    with pytest.raises(ImageError, match="50x40 is smaller than the crop of 41 pixels"):
        fit_image(make_picture(size=(50, 40)), size=41, fit="crop", resample="box")
