"""The photo that the demo sends: the user's own, or one drawn here as a camera held upright would have stored it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageOps

from tools.environment import Diagnostic, errors

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check", "draw", "size_upright", "upright_faults"]

UPRIGHT = (3024, 4032)  # 12.2 megapixels
ORIENTATION = 0x0112
TURN_RIGHT = 6  # "rotate by 90 degrees clockwise to see it upright"
SKY, SUN, GRASS = (70, 130, 220), (255, 200, 40), (60, 150, 60)


def check(path: Path) -> None:
    """See that a file is a photo that the sample's function reads.

    Raises:
        ConstructsLibError: `photo-not-an-image`.
    """
    try:
        with Image.open(path, formats=("JPEG", "PNG")) as image:
            image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise errors.ConstructsLibError(
            Diagnostic(
                reference="photo-not-an-image",
                headline=f"`{path}` is not a photo",
                evidence=str(error).replace(str(path.resolve()), str(path)),
                helps=("give a whole JPEG or PNG file", "or none: `make demo` draws a photo by itself"),
            )
        ) from error


def draw(path: Path) -> None:
    """Draw a landscape, and store it lying on its side with the EXIF orientation that puts it upright."""
    width, height = UPRIGHT
    horizon = height * 6 // 10
    image = Image.new("RGB", UPRIGHT, SKY)
    glow = Image.linear_gradient("L").resize((width, horizon)).point(lambda value: value // 2)
    image.paste((255, 225, 190), (0, 0), glow)
    pen = ImageDraw.Draw(image)
    pen.ellipse((2150, 350, 2750, 950), fill=SUN)
    pen.polygon([(0, horizon), (500, 1500), (1000, 2050), (1500, 1350), (2400, horizon)], fill=(110, 115, 140))
    pen.polygon([(1335, 1581), (1500, 1350), (1670, 1546), (1560, 1620), (1490, 1530)], fill=(245, 245, 250))
    pen.rectangle((0, horizon, width, height), fill=GRASS)
    pen.polygon([(1300, horizon), (1420, horizon), (2500, height), (1700, height)], fill=(90, 150, 210))
    pen.rectangle((560, 2350, 700, 3300), fill=(105, 70, 45))
    for left, top, size in ((250, 1750, 760), (430, 1450, 620), (150, 2050, 520), (650, 1950, 480)):
        pen.ellipse((left, top, left + size, top + size), fill=(35, 105, 55))
    stored = image.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    path.parent.mkdir(parents=True, exist_ok=True)
    stored.save(path, "JPEG", quality=90, exif=exif)


def size_upright(path: Path) -> tuple[int, int]:
    """Return the width and height of a photo as one sees it."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).size


def upright_faults(thumbnail: Path, photo: Path) -> list[str]:
    """Return what shows that a thumbnail does not show its photo upright, without any EXIF to rely on.

    Compares the colours on a coarse grid with the photo's own, so a thumbnail that is turned or mirrored is found
    wherever the photo is not symmetric.
    """
    grid = (16, 16)
    with Image.open(thumbnail) as small, Image.open(photo) as large:
        if small.getexif().get(ORIENTATION, 1) != 1:
            return ["it still relies on an EXIF orientation"]
        upright = ImageOps.exif_transpose(large)
        if abs(small.width / small.height - upright.width / upright.height) > 1 / min(small.size):
            return [f"its shape is {small.width} x {small.height}, the photo's {upright.width} x {upright.height}"]
        seen, wanted = (image.convert("RGB").resize(grid, Image.Resampling.BOX).tobytes() for image in (small, upright))
    differences = [abs(one - other) for one, other in zip(seen, wanted, strict=True)]
    average = sum(differences) / len(differences)
    return [f"its colours are {average:.0f} of 255 away from the photo's"] if average > 8 else []  # noqa: PLR2004
