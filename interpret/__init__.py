"""What a trained Keras classifier saw in its images, as NumPy arrays.

============================  =======================================================  ===========================
name                          the question it answers                                  source
============================  =======================================================  ===========================
`inspect_model`               Which layers, which head, are the logits the right ones?  proof by comparison
`ActivationExtractor`         What does each layer put out?                            --
`GradCAM`                     Which places of a layer speak for the class?             Selvaraju et al. 2017
`Saliency`                    Which pixels move the score the most?                    Simonyan et al. 2013
`Explainer`                   All of these in one pass.                                --
============================  =======================================================  ===========================

All arrays are float32 with channels last. Axis letters: B image, H W position, C channel, K class.
"""

from __future__ import annotations

from .activations import ActivationExtractor
from .class_activation import GradCAM
from .explainer import Explainer, Explanation
from .gradients import Saliency
from .layer_information import LayerInformation, ModelInformation, inspect_model

__all__ = [
    "ActivationExtractor",
    "Explainer",
    "Explanation",
    "GradCAM",
    "LayerInformation",
    "ModelInformation",
    "Saliency",
    "inspect_model",
]
