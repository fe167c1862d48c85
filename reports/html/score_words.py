"""The word for what the maps explain: the page speaks of logits, for most models' scores are; others get their own."""

from __future__ import annotations

import re

from markupsafe import Markup

_WORDS = {"probability": ("probability", "probabilities"), "answer": ("number", "numbers")}
_BETWEEN_TAGS = re.compile(r"(?<=>)[^<>]+(?=<)")


def in_score_words(html: Markup, unit: str) -> Markup:
    """The markup with 'logit' in its texts, not its tags, as the unit of the model's scores.

    >>> in_score_words(Markup('<p id="logit">in units of the logit</p>'), "probability")
    Markup('<p id="logit">in units of the probability</p>')
    """
    if unit not in _WORDS:
        return html
    one, several = _WORDS[unit]
    said = {"logits": several, "logit": one, "Logits": several.capitalize(), "Logit": one.capitalize()}

    def text(found: re.Match[str]) -> str:
        return re.sub(r"\b[Ll]ogits?\b", lambda word: said[word.group()], found.group())

    return Markup(_BETWEEN_TAGS.sub(text, html))
