"""Errors read alike: what was expected, what was received, what to do."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("interpret", "models", "reports", "scripts")
OTHER_VERB = re.compile(r"\b(got|received)\b")


def messages(code: str):
    """The words of each exception that is raised with a sentence that says what was expected."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error"):
            parts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            words = "".join(part for part in parts if isinstance(part, str))
            if words.startswith("Expected"):
                yield node.lineno, words


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_came_is_a_sentence_of_its_own_with_one_verb(folder):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, words in messages(path.read_text(encoding="utf-8"))
        if OTHER_VERB.search(words)
    ]
    assert not found, "\n".join(found)


def test_another_verb_is_seen():
    assert [
        OTHER_VERB.search(words) is not None for _, words in messages('raise ValueError(f"Expected a, got {b}.")')
    ] == [True]
    assert not any(OTHER_VERB.search(words) for _, words in messages('raise ValueError(f"Expected a. Received {b}.")'))
