"""Draws docs/images/sample.png: the first images of the sample data set, real above fake."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from unmask.data.drawing.specimen import draw_specimen
from unmask.records import FAKE, LABEL_NAMES, REAL

TARGET = Path(__file__).parent / "images" / "sample.png"
_LABEL_PIXELS = 56
_GAP_PIXELS = 3


def draw_sheet(*, seed: int, columns: int, rows: int, image_size: int) -> Image.Image:
    """Draws rows of real portraits above rows of fake ones.

    Args:
        seed: The data set's seed, 0 or more.
        columns: Images in a row.
        rows: Rows of each class.
        image_size: Side of one image, pixels.

    Returns:
        An RGB picture; the images are the first of the data set of that seed and size.
    """
    pitch = image_size + _GAP_PIXELS
    sheet = Image.new("RGB", (_LABEL_PIXELS + columns * pitch, 2 * rows * pitch), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(18)
    for row in range(2 * rows):
        label = REAL if row < rows else FAKE
        pen.text((6, row * pitch + image_size // 2 - 10), LABEL_NAMES[label], "black", font)
        for column in range(columns):
            index = (row % rows) * columns + column
            image = draw_specimen(seed=seed, label=label, index=index, image_size=image_size)
            sheet.paste(Image.open(io.BytesIO(image)), (_LABEL_PIXELS + column * pitch, row * pitch))
    return sheet


if __name__ == "__main__":
    sheet = draw_sheet(seed=7, columns=8, rows=2, image_size=128)
    # 256 colours without dithering keep the file small; noise does not compress.
    sheet.quantize(256, dither=Image.Dither.NONE).save(TARGET, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
