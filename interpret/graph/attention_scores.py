"""The weights of an attention layer, asked for beside what it puts out, whether or not the model asks for them.

Keras's `MultiHeadAttention` and `GroupedQueryAttention`, and layers of one's own that take `return_attention_scores`, give them:
[B, heads, T, S], how much of what token t reads comes from token s; each row sums to 1.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

_ASKED = "return_attention_scores"


def gives_scores(layer: Any, call: Callable[..., Any]) -> bool:
    """Whether a layer's `call` can be asked for its attention; a layer with flash attention cannot."""
    if getattr(layer, "_flash_attention", False):
        return False
    try:
        return _ASKED in inspect.signature(call).parameters
    except (TypeError, ValueError):  # a call without a signature
        return False


def called_with_scores(call: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any]:
    """What a call puts out, as the model asked for it, and the attention [B,heads,T,S]; None where it gives none."""
    bound = inspect.signature(call).bind(*args, **kwargs)
    is_asked = bool(bound.arguments.get(_ASKED, False))
    bound.arguments[_ASKED] = True
    outputs = call(*bound.args, **bound.kwargs)
    if not (isinstance(outputs, tuple) and len(outputs) == 2):
        return outputs, None
    return (outputs if is_asked else outputs[0]), outputs[1]
