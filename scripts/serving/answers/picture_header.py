"""What a picture says of itself: its kind and size, read from its first bytes alone. PNG, JPEG and WebP; nothing else is taken.

No decoder is run, so that a picture that claims more pixels than are taken costs nothing.
"""

from __future__ import annotations

import struct

from featurelens.models.formats.image_files import Header

KINDS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}
_START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PNG_GREY = (0, 4)  # colour types


def picture_header(raw: bytes) -> Header | None:
    """The header; None of what is no PNG, JPEG or WebP.

    Example:
        >>> picture_header(b"GIF89a") is None
        True
    """
    try:
        if raw[:8] == b"\x89PNG\r\n\x1a\n" and raw[12:16] == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", raw[16:26])
            return Header("PNG", (height, width), 1, colour in _PNG_GREY, colour >= 4)
        if raw[:3] == b"\xff\xd8\xff":
            return _jpeg(raw)
        if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
            return _webp(raw)
    except (struct.error, IndexError):
        pass  # cut off within its header
    return None


def _jpeg(raw: bytes) -> Header | None:
    place = 2
    while place + 4 <= len(raw) and raw[place] == 0xFF:
        marker = raw[place + 1]
        if marker == 0xFF:  # a byte that fills
            place += 1
            continue
        if marker in _START_OF_FRAME:
            height, width, channels = struct.unpack(">HHB", raw[place + 5 : place + 10])
            return Header("JPEG", (height, width), 1, channels == 1, False)
        place += 2 + struct.unpack(">H", raw[place + 2 : place + 4])[0]
    return None


def _webp(raw: bytes) -> Header | None:
    kind = raw[12:16]
    if kind == b"VP8X":
        width = 1 + int.from_bytes(raw[24:27], "little")
        height = 1 + int.from_bytes(raw[27:30], "little")
        return Header("WEBP", (height, width), 1, False, bool(raw[20] & 0x10))
    if kind == b"VP8L" and raw[20] == 0x2F:
        bits = struct.unpack("<I", raw[21:25])[0]
        return Header("WEBP", (1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF)), 1, False, bool(bits >> 28 & 1))
    if kind == b"VP8 " and raw[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", raw[26:30])
        return Header("WEBP", (height & 0x3FFF, width & 0x3FFF), 1, False, False)
    return None
