"""How wide a text is: in DejaVu Sans, which is wider than the fonts that a page is shown in, so that there is room for all."""

from __future__ import annotations

_ADVANCES = (  # of the letters from the space to the tilde, in thousandths of the size
    "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 "
    "636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 "
    "603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 "
    "634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838"
)
_WIDTHS = {chr(32 + place): int(width) / 1000 for place, width in enumerate(_ADVANCES.split())}
_OTHER, _WIDE, _FIRST_WIDE = 0.64, 1.0, "\u1100"  # other letters; those of East Asia are as wide as high
_BOLD = 1.1
ASCENT, DESCENT = 0.76, 0.24  # of the size, above and below the line


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line in the unit of its size.

    >>> round(text_width("00", 10), 2)
    12.72
    """
    letters = sum(_WIDTHS.get(letter, _WIDE if letter >= _FIRST_WIDE else _OTHER) for letter in text)
    return letters * size * (_BOLD if bold else 1)
