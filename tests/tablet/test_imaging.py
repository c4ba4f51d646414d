"""Photos from the camera: small, upright, and nothing in them but pixels."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from mobile_kivy.imaging import NotAPhoto, shrink, signature_png, thumbnail
from tests.deep_pictures import HALF_CLEAR, RAMPS, greys

TWELVE_MEGAPIXELS = (4000, 3000)
CORNERS = {"red": (250, 20, 20), "green": (20, 250, 20), "blue": (20, 20, 250), "white": (250, 250, 250)}


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def as_jpeg(image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 92, **options})
    return out.getvalue()


def camera_photo(size: tuple[int, int] = TWELVE_MEGAPIXELS) -> bytes:
    """With as much detail as a JPEG can have, a place, a camera's name and a comment."""
    exif = Image.Exif()
    exif[Base.Make] = "Yard Camera"
    exif.get_ifd(Base.GPSInfo)[1] = "N"
    exif.get_ifd(Base.GPSInfo)[2] = (52.0, 31.0, 12.0)
    noise = Image.frombytes("RGB", (size[0] // 8, size[1] // 8), os.urandom(size[0] * size[1] * 3 // 64))
    return as_jpeg(noise.resize(size), exif=exif, comment=b"taken by Anna")


def quarters(size: tuple[int, int] = (800, 600)) -> Image.Image:
    """Red and green above, blue and white below."""
    width, height = size[0] // 2, size[1] // 2
    image = Image.new("RGB", size)
    for place, colour in enumerate(CORNERS.values()):
        image.paste(
            colour, (place % 2 * width, place // 2 * height, (place % 2 + 1) * width, (place // 2 + 1) * height)
        )
    return image


def test_twelve_megapixels_become_small_and_anonymous() -> None:
    source = camera_photo()
    assert b"Yard Camera" in source

    photo = shrink(source)

    shown = opened(photo.content)
    assert (photo.width, photo.height) == shown.size == (1600, 1200)
    assert len(photo.content) <= 450_000
    assert shown.format == "JPEG"
    assert dict(shown.getexif()) == {}
    assert b"Exif" not in photo.content
    assert b"Yard Camera" not in photo.content
    assert b"taken by" not in photo.content


@pytest.mark.parametrize("most_bytes", [200_000, 60_000, 8_000])
def test_it_fits_whatever_it_shows(most_bytes: int) -> None:
    noise = Image.frombytes("RGB", (900, 700), os.urandom(900 * 700 * 3))
    photo = shrink(as_jpeg(noise), most_bytes=most_bytes)
    assert len(photo.content) <= most_bytes
    assert opened(photo.content).size == (photo.width, photo.height)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_however_the_tablet_was_held(orientation: int) -> None:
    # The turn that undoes each of EXIF's eight, so that what is stored is turned, and what is meant is upright.
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    meant = quarters((3200, 2400))
    stored = meant.transpose(undo[orientation]) if orientation in undo else meant
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    source = as_jpeg(stored, exif=exif)
    assert ImageOps.exif_transpose(opened(source)).size == meant.size

    for photo in (shrink(source), thumbnail(source)):
        shown = opened(photo.content)
        assert (shown.width > shown.height) is True
        spots = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
        for (x, y), colour in zip(spots, CORNERS.values(), strict=True):
            found = shown.convert("RGB").getpixel((int(x * shown.width), int(y * shown.height)))
            assert isinstance(found, tuple)
            assert all(abs(one - other) < 40 for one, other in zip(found, colour, strict=True)), (orientation, x, y)


def test_a_file_is_read_like_bytes_and_a_small_photo_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(as_jpeg(quarters((300, 200))))
    photo = shrink(file)
    assert (photo.width, photo.height) == (300, 200)


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (60, 40), (200, 0, 0, 0)).save(out, "PNG")
    shown = opened(shrink(out.getvalue()).content).convert("RGB")
    assert shown.getpixel((30, 20)) == (255, 255, 255)


@pytest.mark.parametrize("name", RAMPS)
def test_a_ramp_is_a_ramp_in_every_depth(name: str) -> None:
    for photo in (shrink(RAMPS[name]), shrink(RAMPS[name], longest=128), thumbnail(RAMPS[name], longest=128)):
        found = greys(opened(photo.content))
        assert all(abs(one - meant) <= 5 for one, meant in zip(found, (5, 64, 128, 192, 250), strict=True)), found


def test_what_is_transparent_in_sixteen_bits_becomes_white() -> None:
    dark, white = greys(opened(shrink(HALF_CLEAR).content), at=(0.1, 0.9))
    assert (dark < 10, white > 245) == (True, True)


def bomb() -> bytes:
    """A small PNG that says it is 30,000 pixels square."""
    out = io.BytesIO()
    Image.new("1", (10, 10)).save(out, "PNG")
    content = bytearray(out.getvalue())
    content[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(content)


def large() -> bytes:
    """Too large to be decoded on a tablet, not large enough for Pillow's own check."""
    out = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"\xff\xd8\xff" + b"x" * 500, b"GIF89a" + b"\0" * 40, as_jpeg(quarters())[:2000], bomb(), large()],
    ids=["nothing", "text", "not quite a JPEG", "GIF", "cut off", "bomb", "large"],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(NotAPhoto):
        shrink(content)


PAD = (1800, 600)
STROKES = [[(180, 120, 0), (540, 540, 90), (900, 60, 180)], [(1440, 150, 300)]]


class TestSignature:
    def test_dark_on_white_with_smooth_edges_and_y_down(self) -> None:
        shown = opened(signature_png(STROKES, PAD)).convert("L")
        assert shown.size == (900, 300)
        assert shown.getpixel((5, 5)) == 255
        dot: Any = shown.getpixel((720, 75))
        assert dot < 60
        assert shown.getpixel((720, 225)) == 255
        colours = shown.getcolors()
        assert colours is not None
        assert len(colours) > 20  # edges that are neither ink nor paper

    @pytest.mark.parametrize(
        ("pad", "size"), [((920, 200), (900, 196)), ((300, 600), (450, 900)), ((1, 4000), (1, 900))]
    )
    def test_it_keeps_the_aspect_of_its_pad(self, pad: tuple[int, int], size: tuple[int, int]) -> None:
        assert opened(signature_png([[(1, 1, 0)] * 9], pad)).size == size

    def test_points_beyond_the_pad_are_drawn_at_its_edge(self) -> None:
        assert opened(signature_png([[(-3000, 150, 0), (4000, 150, 9)]], PAD)).size == (900, 300)

    @pytest.mark.parametrize("strokes", [[], [[]]])
    def test_nothing_is_no_signature(self, strokes: list[list[tuple[int, ...]]]) -> None:
        with pytest.raises(ValueError, match="nobody has signed"):
            signature_png(strokes, PAD)
