"""What conditions came to, for the machines that run tests: JUnit XML, and annotations of GitHub."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from .conditions import Outcome


def junit_xml(outcomes: Sequence[Outcome], suite: str) -> str:
    """One test case for each condition, failed where the run shall stop."""
    failed = sum(outcome.holds for outcome in outcomes)
    root = ElementTree.Element("testsuites", tests=str(len(outcomes)), failures=str(failed))
    held = ElementTree.SubElement(
        root, "testsuite", name=_xml(suite), tests=str(len(outcomes)), failures=str(failed), errors="0", skipped="0"
    )
    for outcome in outcomes:
        name = f"not {outcome.condition.text}"
        case = ElementTree.SubElement(held, "testcase", classname="featurelens.report", name=_xml(name), time="0")
        if outcome.holds:
            ElementTree.SubElement(case, "failure", message=_xml(outcome.reason)).text = _xml(outcome.reason)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def annotation(outcome: Outcome) -> str:
    """The line by which GitHub shows a failed condition beside the run.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions: %, line breaks are escaped.
    """
    said = outcome.reason.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error title=featurelens report::{said}"


def _xml(text: str) -> str:
    """Without the letters that XML has no form for."""
    return "".join(
        letter for letter in text if letter in "\t\n" or (letter >= " " and not "\ud800" <= letter <= "\udfff")
    )
