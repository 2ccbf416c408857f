"""Draws docs/images/sample.png: the first images of the sample data set, real above fake."""

from pathlib import Path

from PIL import Image

from unmask.data.drawing.sheet import draw_sheet

TARGET = Path(__file__).parent / "images" / "sample.png"

if __name__ == "__main__":
    sheet = draw_sheet(seed=7, columns=8, rows=2, image_size=128)
    # 256 colours without dithering keep the file small; noise does not compress.
    sheet.quantize(256, dither=Image.Dither.NONE).save(TARGET, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
