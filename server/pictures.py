"""Photos and signatures as they arrive from the world, and what is kept of them: pixels, nothing else.

The format is told by the first bytes and Pillow is allowed only that one decoder. The size is checked before a pixel
is decoded, the pixels are copied into a new picture: no EXIF, XMP, comment or trailing bytes come through.
"""

import io
import warnings
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageFile

from server.errors import Sentence
from server.picture_headers import jpeg_layout
from server.true_colour import in_true_colour

MAX_BYTES = 12 * 1024 * 1024
MOST_PIXELS = {"JPEG": 20_000_000, "PNG": 12_000_000, "WEBP": 5_000_000}
"""What is decoded of each format, so that none takes more than some 140 MB: a JPEG is scaled while it is read, a PNG
may have transparency, which is scaled in a copy, and of a WebP the decoder keeps two more.
"""
MOST_SCANS = 50
"""Passes that a JPEG may have. Cameras write one, programs that store pictures progressively ten."""
MOST_KEPT_BYTES = 64_000_000
"""What the decoder of a JPEG in several passes keeps beside the picture: 20 megapixels with colour in half the size."""
LONGEST_SIDE_READ = 16_000
"""Pixels. Of a picture that is all length the bookkeeping of its lines is larger than the picture."""
LONGEST_SIDE = 2048
THUMBNAIL_SIDE = 320
SIGNATURE_SIDE = 1200
PRINTED_SIDE = 1200
SMALLEST_PRINTED_SIDE = 320

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevx", b"mif1", b"msf1", b"avif", b"avis")


class PhotoRefused(ValueError):
    """The file is not taken; `reason` says why, to the person who took the photo."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class ProcessedPhoto:
    """A photo as it is kept: a clean JPEG of `width` x `height` pixels and a small one (both bytes)."""

    jpeg: bytes
    width: int
    height: int
    thumbnail: bytes


def process_photo(data: bytes) -> ProcessedPhoto:
    """Check, turn upright, scale to at most 2048 pixels and re-encode. `PhotoRefused` for everything else."""
    with _opened(data) as source:
        picture = _clean(source, LONGEST_SIDE, "RGB")
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return ProcessedPhoto(_jpeg(picture), picture.width, picture.height, _jpeg(small))


def process_signature(data: bytes) -> bytes:
    """The signature as a clean PNG on white, at most 1200 pixels. `PhotoRefused` like a photo, or when empty."""
    with _opened(data) as source:
        picture = _clean(source, SIGNATURE_SIDE, "L")
    darkest, lightest = picture.getextrema()
    if darkest == lightest:
        raise PhotoRefused(Sentence("The signature is empty.", "Die Unterschrift ist leer."))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def photo_for_print(jpeg: bytes, most_bytes: int) -> bytes:
    """A copy of a processed photo in the size that a printed page can show, smaller if it would be too heavy."""
    with _opened(jpeg) as source:
        if max(source.size) <= PRINTED_SIDE and len(jpeg) <= most_bytes:
            return jpeg
        picture = _clean(source, PRINTED_SIDE, "RGB")
    printed = _jpeg(picture)
    while len(printed) > most_bytes and max(picture.size) > SMALLEST_PRINTED_SIDE:
        side = max(SMALLEST_PRINTED_SIDE, int(max(picture.size) * 0.7))
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        printed = _jpeg(picture)
    return printed


def _sniffed(data: bytes) -> str:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise PhotoRefused(
            Sentence(
                "HEIC photos are not taken: set the camera to JPEG (iPhone: formats, most compatible).",
                "HEIC-Fotos werden nicht angenommen: bitte die Kamera auf JPEG stellen"
                " (iPhone: Formate, Maximale Kompatibilität).",
            )
        )
    raise PhotoRefused(
        Sentence("This is not a JPEG, PNG or WebP picture.", "Diese Datei ist kein Bild im Format JPEG, PNG oder WebP.")
    )


def _opened(data: bytes) -> Image.Image:
    """Open without decoding. A picture is refused by its header before it can take memory."""
    if len(data) > MAX_BYTES:
        raise PhotoRefused(
            Sentence(
                f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.",
                f"Die Datei ist größer als {MAX_BYTES // 1024 // 1024} MB.",
            )
        )
    kind = _sniffed(data)
    try:
        picture = Image.open(io.BytesIO(data), formats=[kind])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        raise _too_large(kind) from problem
    except Exception as problem:  # Pillow raises half a dozen kinds for broken files; all mean the same here
        raise PhotoRefused(Sentence("The picture is damaged.", "Das Bild ist beschädigt.")) from problem
    if picture.width * picture.height > MOST_PIXELS[kind]:
        picture.close()
        raise _too_large(kind)
    if max(picture.size) > LONGEST_SIDE_READ or (kind == "JPEG" and _is_laborious(data)):
        picture.close()
        raise PhotoRefused(_LABORIOUS)
    return picture


def _is_laborious(jpeg: bytes) -> bool:
    layout = jpeg_layout(jpeg)
    return layout.scans > MOST_SCANS or layout.kept_bytes > MOST_KEPT_BYTES


_LABORIOUS = Sentence(
    "The picture is stored in a way that takes too much to read. Take it again, as an ordinary JPEG.",
    "Das Bild ist so gespeichert, dass es zu aufwendig zu lesen ist. Bitte neu aufnehmen, als gewöhnliches JPEG.",
)


def _too_large(kind: str) -> PhotoRefused:
    most = MOST_PIXELS[kind] // 1_000_000
    return PhotoRefused(
        Sentence(f"The picture has more than {most} megapixels.", f"Das Bild hat mehr als {most} Megapixel.")
    )


def _clean(source: Image.Image, longest: int, mode: str) -> Image.Image:
    """Decode, turn upright and copy the pixels into a new picture on white."""
    try:
        # A JPEG decoder can scale by 2, 4, 8 while it reads: less memory for large photos.
        source.draft("RGB", (longest, longest))
        source.load()
        orientation = source.getexif().get(ExifTags.Base.Orientation, 1)
        scaled = in_true_colour(source)
        scaled.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3.0)
        # Turned when it is small: a copy of the whole picture would take as much memory again.
        upright = scaled.transpose(_TURNS[orientation]) if orientation in _TURNS else scaled
        clean = Image.new(mode, upright.size, "white")
        if upright.has_transparency_data:
            layered = upright.convert("RGBA")
            clean.paste(layered.convert(mode), mask=layered.getchannel("A"))
        else:
            clean.paste(upright.convert(mode))
    except Exception as problem:  # also warnings and truncated data
        raise PhotoRefused(
            Sentence("The picture is damaged or incomplete.", "Das Bild ist beschädigt oder unvollständig.")
        ) from problem
    return clean


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By the orientation that a camera writes (Exif 2.32, 4.6.5 A)."""


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


# What Pillow only warns of (bombs, broken EXIF) is refused. Set once for the process, because changing the filters
# around a call (`catch_warnings`) is not safe between threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
warnings.filterwarnings("error", category=UserWarning, module=r"PIL\.")

# Stated although it is Pillow's default: half a photo is no evidence.
ImageFile.LOAD_TRUNCATED_IMAGES = False
