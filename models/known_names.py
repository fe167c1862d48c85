"""What to say when a name is not known: the real names, and the nearest."""

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_name(what: str, received: str, known: Iterable[str], remedy: str) -> ValueError:
    """The error for a name that does not exist, ready to be raised.

    Args:
        what: what the name should have been, such as 'architecture'.
        received: the name that came.
        known: the names that exist, in the order to list them.
        remedy: what the caller can do, one sentence.

    Example:
        >>> str(unknown_name("colour", "gren", ["red", "green"], "Pick one of them."))
        "Expected the name of a colour (red, green). Received 'gren'. Did you mean 'green'? Pick one of them."
    """
    names = list(known)
    nearest = get_close_matches(received, names, n=1, cutoff=0.4)
    guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
    article = "an" if what[0] in "aeiou" else "a"
    return ValueError(
        f"Expected the name of {article} {what} ({', '.join(names)}). Received '{received}'.{guess} {remedy}"
    )
