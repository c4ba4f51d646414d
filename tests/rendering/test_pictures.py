"""Photos: limits, formats, orientation, and that nothing but pixels comes through."""

import io
import random
import struct
import time
import zlib

import pytest
from PIL import Image, PngImagePlugin

from server import true_colour
from server.pictures import MOST_PIXELS, PhotoRefused, process_photo, process_signature
from tests.deep_pictures import HALF_CLEAR, RAMPS, greys

from . import samples


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def bomb(side: int) -> bytes:
    """A PNG of side x side pixels in very few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(b"\0" * (1 + 3 * side)) for _ in range(200)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class TestAccepted:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_formats(self, kind: str) -> None:
        made = process_photo(encoded(Image.new("RGB", (640, 480), "red"), kind))
        assert (made.width, made.height) == (640, 480)
        assert Image.open(io.BytesIO(made.jpeg)).format == "JPEG"
        assert max(Image.open(io.BytesIO(made.thumbnail)).size) == 320

    @pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16", "CMYK"])
    def test_modes(self, mode: str) -> None:
        picture = Image.new(mode, (50, 40))
        made = process_photo(encoded(picture, "JPEG" if mode == "CMYK" else "PNG"))
        assert Image.open(io.BytesIO(made.jpeg)).mode == "RGB"

    def test_large_is_scaled(self) -> None:
        made = process_photo(samples.photo(size=(4000, 3000)))
        assert (made.width, made.height) == (2048, 1536)

    def test_small_is_not_enlarged(self) -> None:
        made = process_photo(samples.photo(size=(100, 80)))
        assert (made.width, made.height) == (100, 80)
        assert Image.open(io.BytesIO(made.thumbnail)).size == (100, 80)

    def test_orientation_is_applied(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        source = Image.new("RGB", (400, 200), "white")
        source.paste("red", (0, 0, 100, 200))
        made = process_photo(encoded(source, "JPEG", exif=exif))
        picture = Image.open(io.BytesIO(made.jpeg))
        assert picture.size == (200, 400)
        red, green, _ = picture.getpixel((100, 20))  # type: ignore[misc]
        assert (red > 200, green < 60) == (True, True)

    def test_transparent_becomes_white(self) -> None:
        made = process_photo(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"))
        assert Image.open(io.BytesIO(made.jpeg)).getpixel((10, 10)) == (255, 255, 255)


class TestDepths:
    @pytest.mark.parametrize("name", RAMPS)
    def test_a_ramp_is_a_ramp(self, name: str) -> None:
        made = process_photo(RAMPS[name])

        for jpeg in (made.jpeg, made.thumbnail):
            found = greys(Image.open(io.BytesIO(jpeg)))
            assert all(abs(one - meant) <= 4 for one, meant in zip(found, (5, 64, 128, 192, 250), strict=True)), found

    @pytest.mark.parametrize("name", RAMPS)
    def test_a_signature_too(self, name: str) -> None:
        found = greys(Image.open(io.BytesIO(process_signature(RAMPS[name]))))
        assert all(abs(one - meant) <= 4 for one, meant in zip(found, (5, 64, 128, 192, 250), strict=True)), found

    def test_what_is_transparent_in_sixteen_bits_becomes_white(self) -> None:
        picture = Image.open(io.BytesIO(process_photo(HALF_CLEAR).jpeg))
        dark, white = greys(picture, at=(0.1, 0.9))
        assert (dark < 10, white > 245) == (True, True)

    @pytest.mark.parametrize("mode", ["I", "F", "I;16", "LA", "PA", "P", "1", "CMYK", "RGBA"])
    def test_every_mode_of_pillow_can_be_scaled(self, mode: str) -> None:
        """Whatever a decoder of a newer Pillow may give."""
        ramp = Image.frombytes("L", (256, 16), bytes(range(256)) * 16)
        deep = {"I": ramp.convert("I").point(lambda v: v * 257), "F": ramp.convert("F").point(lambda v: v * 0.5 + 3.0)}
        deep["I;16"] = deep["I"].convert("I;16")
        plain = true_colour.in_true_colour(deep.get(mode) or ramp.convert("RGB").convert(mode))
        assert plain.mode in {"L", "LA", "RGB", "RGBA"}
        plain.thumbnail((64, 64), Image.Resampling.LANCZOS, reducing_gap=3.0)
        left, middle, right = greys(plain, at=(0.0, 0.5, 0.99))
        assert (left < 16, 96 < middle < 160, right > 235) == (True, True, True)


class TestNothingElseComesThrough:
    def test_exif_xmp_comment_profile_and_tail_are_gone(self) -> None:
        exif = Image.Exif()
        exif[0x010E] = "GPS-SECRET"
        exif[0x8825] = {1: "N"}
        data = encoded(
            Image.new("RGB", (300, 200), "green"),
            "JPEG",
            exif=exif,
            comment=b"COMMENT-SECRET",
            xmp=b"<x:xmpmeta>XMP-SECRET</x:xmpmeta>",
            icc_profile=b"ICC-SECRET" * 20,
        )
        data += b"PK\x03\x04<script>TAIL-SECRET</script>"
        made = process_photo(data)
        for jpeg in (made.jpeg, made.thumbnail):
            assert b"SECRET" not in jpeg
            assert b"Exif" not in jpeg
            assert jpeg.endswith(b"\xff\xd9")
            clean = Image.open(io.BytesIO(jpeg))
            assert set(clean.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}

    def test_png_texts_are_gone(self) -> None:
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", "PNG-SECRET")
        made = process_photo(encoded(Image.new("RGB", (30, 30)), "PNG", pnginfo=texts))
        assert b"SECRET" not in made.jpeg


class TestRefused:
    def test_a_bomb_quickly(self) -> None:
        data = bomb(13300)
        began = time.thread_time()
        with pytest.raises(PhotoRefused, match="megapixels"):
            process_photo(data)
        assert time.thread_time() - began < 0.5

    def test_just_above_the_limit(self) -> None:
        with pytest.raises(PhotoRefused, match="megapixels"):
            process_photo(bomb(int(MOST_PIXELS["PNG"] ** 0.5) + 1))

    def test_too_many_bytes(self) -> None:
        with pytest.raises(PhotoRefused, match="12 MB"):
            process_photo(b"\xff\xd8\xff" + b"0" * (12 * 1024 * 1024))

    def test_heic_with_a_clear_reason(self) -> None:
        with pytest.raises(PhotoRefused, match="HEIC"):
            process_photo(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_truncated(self, kind: str) -> None:
        noisy = Image.effect_noise((200, 200), 80).convert("RGB")
        data = encoded(noisy, kind)
        with pytest.raises(PhotoRefused):
            process_photo(data[: len(data) // 2])

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff\xd8\xff",
            b"%!PS-Adobe-3.0 EPSF-3.0",
            b"GIF89a" + b"\0" * 50,
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"BM" + b"\0" * 60,
            b"RIFF\0\0\0\0WAVE",
            b"\x89PNG\r\n\x1a\n",
        ],
    )
    def test_everything_else(self, data: bytes) -> None:
        with pytest.raises(PhotoRefused):
            process_photo(data)

    def test_a_png_that_says_it_is_jpeg_is_read_by_its_bytes_only(self) -> None:
        with pytest.raises(PhotoRefused):
            process_photo(b"\xff\xd8\xff" + encoded(Image.new("RGB", (9, 9)), "PNG"))


class TestMutated:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_never_crash(self, kind: str) -> None:
        source = encoded(Image.effect_noise((64, 48), 60).convert("RGB"), kind)
        chance = random.Random(20261123)
        refused = 0
        for _ in range(200):
            data = bytearray(source)
            for _ in range(chance.randint(1, 12)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                made = process_photo(bytes(data[: chance.randint(len(data) // 3, len(data))]))
            except PhotoRefused:
                refused += 1
            else:
                assert made.jpeg.endswith(b"\xff\xd9")
        assert refused > 50


class TestSignature:
    def test_becomes_a_clean_png(self) -> None:
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", "PNG-SECRET")
        source = Image.open(io.BytesIO(samples.signature()))
        made = process_signature(encoded(source, "PNG", pnginfo=texts))
        assert b"SECRET" not in made
        assert Image.open(io.BytesIO(made)).mode == "L"

    def test_black_strokes_on_nothing_become_black_on_white(self) -> None:
        strokes = Image.new("RGBA", (100, 50), (0, 0, 0, 0))
        strokes.paste((0, 0, 0, 255), (10, 20, 90, 25))
        made = Image.open(io.BytesIO(process_signature(encoded(strokes, "PNG"))))
        assert made.getpixel((2, 2)) == 255
        assert made.getpixel((50, 22)) == 0

    @pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 0)])
    def test_an_empty_one_is_refused(self, colour: tuple[int, int, int, int]) -> None:
        with pytest.raises(PhotoRefused, match="empty"):
            process_signature(encoded(Image.new("RGBA", (100, 50), colour), "PNG"))
