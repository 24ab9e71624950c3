"""The photos the demo takes, and how it sees that a thumbnail is upright."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from tools import photo
from tools.environment import errors

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    photo.draw(path)
    return path


def test_the_drawn_photo_is_a_large_one_that_lies_on_its_side(drawn: Path) -> None:
    with Image.open(drawn) as image:
        assert (image.size, image.getexif()[photo.ORIENTATION]) == ((4032, 3024), 6)
    assert photo.size_upright(drawn) == (3024, 4032)
    photo.check(drawn)


def thumbnail(drawn: Path, folder: Path, *, upright: bool = True, turn: Image.Transpose | None = None) -> Path:
    with Image.open(drawn) as image:
        small = ImageOps.exif_transpose(image) if upright else image.copy()
    small.thumbnail((256, 256))
    if turn is not None:
        small = small.transpose(turn)
    small.save(folder / "thumbnail.jpg", exif=b"")
    return folder / "thumbnail.jpg"


def test_an_upright_thumbnail_has_no_fault(drawn: Path, tmp_path: Path) -> None:
    assert photo.upright_faults(thumbnail(drawn, tmp_path), drawn) == []


def test_a_thumbnail_that_still_lies_is_found_by_its_shape(drawn: Path, tmp_path: Path) -> None:
    faults = photo.upright_faults(thumbnail(drawn, tmp_path, upright=False), drawn)
    assert faults == ["its shape is 256 x 192, the photo's 3024 x 4032"]


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_180, Image.Transpose.FLIP_LEFT_RIGHT])
def test_a_turned_or_mirrored_thumbnail_is_found_by_its_colours(
    drawn: Path, tmp_path: Path, turn: Image.Transpose
) -> None:
    (fault,) = photo.upright_faults(thumbnail(drawn, tmp_path, turn=turn), drawn)
    assert fault.startswith("its colours are ")


def test_a_file_that_is_no_photo_is_refused(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("not a photo")
    with pytest.raises(errors.ConstructsLibError) as caught:
        photo.check(notes)
    assert str(caught.value) == (
        f"error[photo-not-an-image]: `{notes}` is not a photo\n"
        "\n"
        f"  cannot identify image file '{notes}'\n"
        "\n"
        "  help: give a whole JPEG or PNG file\n"
        "  help: or none: `make demo` draws a photo by itself\n"
        "  see: docs/errors/photo-not-an-image.md"
    )


def test_a_photo_that_is_cut_off_is_refused(drawn: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.jpg"
    half.write_bytes(drawn.read_bytes()[:100_000])
    with pytest.raises(errors.ConstructsLibError, match="photo-not-an-image"):
        photo.check(half)


def test_the_demo_refuses_a_path_without_a_photo_before_it_does_anything() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", "--photo", "holiday.jpg"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "\nerror[photo-not-found]: there is no photo at `holiday.jpg`\n"
        "\n"
        "  help: give the path of a JPEG or PNG file\n"
        "  help: or none: `make demo` draws a photo by itself\n"
        "  see: docs/errors/photo-not-found.md\n"
    )
