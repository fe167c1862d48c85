"""The parts of a multipart/form-data body that is in memory already (RFC 7578); nothing is written to disk."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(rb'boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'\bname="([^"]*)"')


@dataclass(frozen=True)
class Part:
    """One field of the form."""

    name: str
    content: bytes


def parts_of(content_type: bytes, body: bytes, most: int) -> list[Part]:
    """The parts in order.

    Args:
        content_type: The header, which names the boundary.
        body: The whole body.
        most: Parts at most.

    Raises:
        ValueError: The body is not such a form.

    Example:
        >>> head = b'--x\\r\\nContent-Disposition: form-data; name="a"'
        >>> parts_of(b"multipart/form-data; boundary=x", head + b"\\r\\n\\r\\nb\\r\\n--x--", 1)
        [Part(name='a', content=b'b')]
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError(
            "Expected a boundary in the Content-Type of a form. Received none. Let the client set this header."
        )
    mark = b"--" + (found[1] or found[2])
    if not body.startswith(mark):
        raise ValueError("Expected the form to begin with its boundary. Received something else. Send it again.")
    place, parts = len(mark), []
    while body[place : place + 2] != b"--":
        end = body.find(b"\r\n" + mark, place)
        if body[place : place + 2] != b"\r\n" or end < 0:
            raise ValueError("Expected a whole form, ended by its boundary. Received a part of one. Send it again.")
        if len(parts) == most:
            raise ValueError(f"Expected at most {most} parts. Received more. Send them in several requests.")
        head, gap, content = body[place:end].partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None:
            raise ValueError(
                "Expected each part of the form to have a name. Received one without. Let the client write it."
            )
        parts.append(Part(name[1].decode("utf-8", "replace"), content))
        place = end + 2 + len(mark)
    return parts
