"""The method that a model's answers are explained by unless another is named: the best that passed on this model.

Only methods of one pass compete, since an answer is due at once. Among those of the best verdict it is the one that beats the
random order on the most images, and then the order of brightness.
"""

from __future__ import annotations

from dataclasses import dataclass

from featurelens.interpret.methods.catalogue import METHODS, KnownMethod, method_called
from featurelens.interpret.trust.record import Trust
from featurelens.interpret.trust.verdicts import FAILED, GOOD, UNKNOWN, WEAK, Verdict

_UNTESTED = "HiResCAM"  # where nothing was measured: the one whose maps account for the score behind linear layers
_ORDER = (GOOD, WEAK, UNKNOWN, FAILED)
_NOT_MEASURED = "Not measured on this model: featurelens trust MODEL --data SOURCE tests its maps."


@dataclass(frozen=True)
class Trusted:
    """The verdicts on a model's methods, and the method that follows from them."""

    method: KnownMethod
    layer: str | None  # that the verdicts are of; None for the last convolution
    verdicts: dict[str, Verdict]

    def level(self, method: str) -> str:
        """'good', 'weak', 'failed' or 'unknown'."""
        return self.verdicts[method].level if method in self.verdicts else UNKNOWN

    def words(self, method: str) -> str:
        """The verdict in a sentence."""
        return self.verdicts[method].words if method in self.verdicts else _NOT_MEASURED


def trusted(trust: Trust | None, takes: frozenset[str]) -> Trusted:
    """Choose the method.

    Args:
        trust: What was measured of the model; None for nothing.
        takes: Names of the methods that explain this model.
    """
    verdicts = {} if trust is None else trust.verdicts
    quick = [known for known in METHODS.usual if not known.is_expensive and known.name in takes]
    if not quick:
        raise ValueError(
            "Expected a model that some method of one pass explains. All refuse it. Use featurelens inspect."
        )
    measured = [known for known in quick if known.name in verdicts]
    if measured:
        chosen = min(measured, key=lambda known: _rank(verdicts[known.name]))
    else:
        chosen = next((known for known in quick if known.name == _UNTESTED), quick[0])
    return Trusted(chosen, None if trust is None else trust.cam_layer, verdicts)


def _rank(found: Verdict) -> tuple[float, ...]:
    better = {each.question: each.number.mean for each in found.findings}
    return (_ORDER.index(found.level), -better["random order"], -better["brightness order"])


def method_of(name: str) -> KnownMethod:
    """The record of a method whose name was checked."""
    known = method_called(name)
    assert known is not None  # checked where the request was read
    return known
