"""`check(...)`: tells whether an exercise is solved and, where it is not, what is missing; needs no server."""

from __future__ import annotations

from typing import Any

from .exercises import EXERCISES, Hint


def check(number: str, answer: Any, **given: Any) -> bool:
    """Look at the answer to an exercise, and say what is right or what is missing.

    Args:
        number: Of the exercise, such as '1.1'.
        answer: What the student found.
        given: What the exercise was about, by the names that its text uses.

    Returns:
        Whether it is solved.

    Raises:
        ValueError: There is no such exercise, or something that it is about was not given.

    Example:
        >>> check("1.1", 0.5, labels=np.array([0, 1]), predictions=np.array([0, 0]))
        1.1 is right: 50.0 % of the images are classified correctly.
        True
    """
    exercise = EXERCISES.get(number)
    if exercise is None:
        known = ", ".join(EXERCISES)
        raise ValueError(
            f"Expected the number of an exercise: {known}. Received {number!r}. Write it as in its heading."
        )
    missing = [name for name in exercise.about if name not in given]
    if missing:
        words = ", ".join(f"{name}={name}" for name in exercise.about)
        raise ValueError(
            f"Expected {words} beside the answer. Received none of {', '.join(missing)}. Add them to the call."
        )
    if answer is None or answer is ...:
        return _said(number, False, "there is no answer yet. Replace the dots in the cell above, and run it.")
    try:
        told = exercise.judge(answer, **{name: given[name] for name in exercise.about})
    except Hint as hint:
        return _said(number, False, str(hint))
    except (TypeError, AttributeError, IndexError, ValueError) as error:
        return _said(number, False, f"the answer has another form than was asked for ({error}). {exercise.form}")
    return _said(number, True, told)


def _said(number: str, is_right: bool, words: str) -> bool:
    print(f"{number} is right: {words}" if is_right else f"{number} is not there yet: {words}")  # noqa: T201
    return is_right
