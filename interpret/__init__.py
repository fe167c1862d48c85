"""What a trained Keras classifier saw in its images, as NumPy arrays.

============================  =======================================================  ===========================
name                          the question it answers                                  source
============================  =======================================================  ===========================
`inspect_model`               Which layers, which head, are the logits the right ones?  proof by comparison
`declare_task`                Classes, a regression or several labels? (you say)        --
`scored`                      How far does a channel go, or a number of your own?     --
`number_of`                   What raises, or what lowers, a regression's number?      --
`over_mask`, `over_region`    A class over a mask, or over its own region             Vinogradova et al. 2020
`ActivationExtractor`         What does each layer put out?                            --
`survey_layers`               From which layer on can the classes be told apart?        Alain, Bengio 2016
`GradCAM`                     Which places of a layer speak for the class?             Selvaraju et al. 2017
`Saliency`                    Which pixels move the score the most?                    Simonyan et al. 2013
`GradCAMPlusPlus`             The same, where several objects speak?                   Chattopadhyay et al. 2018
`HiResCAM`                    What does each place of a layer contribute, signed?      Draelos, Carin 2020
`LayerCAM`                    The same as Grad-CAM, fine enough for early layers?      Jiang et al. 2021
`MultiLayerCAM`               Any of these at several layers in one pass?              --
`InputXGradient`              What does each pixel contribute to first order?          Shrikumar et al. 2016
`SmoothGrad`                  The same as saliency, without its speckle?               Smilkov et al. 2017
`IntegratedGradients`         What does each pixel add, from a blank image to this?    Sundararajan et al. 2017
`Occlusion`                   How far does the score fall when a patch is covered?     Zeiler, Fergus 2014
`XGradCAM`                    Grad-CAM, with weights that account for the score        Fu et al. 2020
`AblationCAM`                 What does the score lose without each channel?            Desai, Ramaswamy 2020
`EigenCAM`                    What does a layer hold, whatever the class?               Muhammad, Yeasin 2020
`FinerCAM`                    What sets the class apart from those like it?             Zhang et al. 2025
`GuidedGradCAM`               Which edges, where Grad-CAM speaks for the class?         Selvaraju et al. 2017
`FusedCAM`                    Several layers in one map                                 Jiang et al. 2021
`DeepLIFT`                    How did the score come away from that of a reference?     Shrikumar et al. 2017
`ExpectedGradients`           What does each pixel add, from many references to this?   Erion et al. 2021
`SHAP`                        What does each cell add, whatever comes before it?        Lundberg, Lee 2017 (package)
`LIME`                        Which weights of cells come nearest to the score?         Ribeiro et al. 2016 (package)
`AttentionRollout`            Which places does a transformer's attention come from?    Abnar, Zuidema 2020
`GradientRollout`             Which of them speak for the class?                        Chefer et al. 2021
`TokenGradCAM`                Grad-CAM on tokens, back on their grid                    Selvaraju et al. 2017
`RISE`                        Which pixels, when seen, go with a high score?           Petsiuk et al. 2018
`ScoreCAM`                    What does the model say of the image seen through it?    Wang et al. 2020
`MultiLayerScoreCAM`          The same at several layers, out of shared runs?          --
`GuidedBackpropagation`       Which edges excite the network? (read its caution)       Springenberg et al. 2015
`LayerwiseRelevance`          How is the score shared out, layer by layer?             Bach et al. 2015
`activation_maximization`     Which image would excite a channel the most?             Erhan et al. 2009
`channels`                    What does each channel do over a whole data set?         Morcos et al. 2018
`ablate_channels`             What becomes of the answers without a channel?           Morcos et al. 2018
`Explainer`                   Activations, Grad-CAM and saliency in one pass.          --
`faithfulness`                Does a map name the pixels that the model uses?           Petsiuk et al. 2018
`road`                        The same, with removed pixels filled in?                 Rong et al. 2022
`max_sensitivity`             How far does a map change under a noise nobody sees?     Yeh et al. 2019
`pointing_game`               Does its peak lie on the object? (masks or boxes given)  Zhang et al. 2018
`relevance_mass_accuracy`     Which share of its evidence lies on the object?          Arras et al. 2022
`relevance_rank_accuracy`     Are its strongest pixels those of the object?            Arras et al. 2022
`localization`, `box_masks`   All three at once; boxes as masks.                       --
`infidelity`                  Does a map tell how far the score falls?                  Yeh et al. 2019
`complexity`                  Over how many places does a map spread what it says?      Bhatt et al. 2020
`randomization_check`         Does a map change when the model forgets?                Adebayo et al. 2018
`random_label_check`          Does a map change when the labels say nothing?           Adebayo et al. 2018
`map_states`                  Is a map zero, or negative only; has it faded?           --
`verdict`                     How far can a method be trusted on this model?           --
`measure_trust`               All of this for several methods (`METHODS`) at once.     --
`find_shortcuts`              Does the model read content that repeats at a fixed place? proof by transplants
`find_failing_groups`         On which images of a new kind does it fail?              Fisher's exact test
============================  =======================================================  ===========================

All arrays are float32 with channels last. Axis letters: B image, H W position, C channel, K class.
"""

from __future__ import annotations

from .dissection.ablation import ChannelAblation, ablate_channels
from .dissection.census import ChannelCensus, channels
from .dissection.visualization import FeatureImages, activation_maximization
from .graph.tasks import declare_task
from .layers.inspection import LayerInformation, ModelInformation, inspect_model
from .layers.survey import Survey, survey_layers
from .maps.state import MapState, map_states
from .methods.attention.rollout import AttentionRollout, GradientRollout
from .methods.attention.token_cam import TokenGradCAM
from .methods.attribution import CompleteMaps
from .methods.cams.ablation_cam import AblationCAM
from .methods.cams.eigen_cam import EigenCAM
from .methods.cams.finer_cam import FinerCAM
from .methods.cams.fused_cam import FusedCAM
from .methods.cams.guided_grad_cam import GuidedGradCAM
from .methods.cams.x_grad_cam import XGradCAM
from .methods.catalogue import METHODS, KnownMethod
from .methods.cells.lime import LIME
from .methods.cells.shap import SHAP
from .methods.class_activation import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, MultiLayerCAM
from .methods.gradients import InputXGradient, Saliency
from .methods.guided_backpropagation import GuidedBackpropagation
from .methods.integrated_gradients import IntegratedGradients
from .methods.occlusion import Occlusion
from .methods.references.deep_lift import DeepLIFT
from .methods.references.expected_gradients import ExpectedGradients
from .methods.relevance import LayerwiseRelevance
from .methods.rise import RISE
from .methods.score_cam import MultiLayerScoreCAM, ScoreCAM
from .methods.smooth_grad import SmoothGrad
from .own_scores import number_of, over_mask, over_region, scored
from .pixel_removal.faithfulness import Faithfulness, faithfulness
from .pixel_removal.road import Road, road
from .sanity.random_labels import RandomLabels, random_label_check
from .sanity.weight_randomization import Randomization, randomization_check
from .shortcuts.failing_groups import FailingGroup, FailingGroups, HardCase, find_failing_groups
from .shortcuts.records import Shortcut, Shortcuts
from .shortcuts.shortcuts import find_shortcuts
from .stream.activations import ActivationExtractor
from .stream.explainer import Explainer, Explanation
from .stream.saturation import GradCAMState, Saturation
from .trust.complexity import Complexity, complexity
from .trust.infidelity import Infidelity, infidelity
from .trust.localization import (
    Localization,
    box_masks,
    localization,
    pointing_game,
    relevance_mass_accuracy,
    relevance_rank_accuracy,
)
from .trust.measure import measure_trust
from .trust.record import Location, Samples, Trust, TrustPlan
from .trust.sensitivity import Sensitivity, max_sensitivity
from .trust.verdicts import Verdict, verdict, verdicts

__all__ = [
    "LIME",
    "METHODS",
    "RISE",
    "SHAP",
    "AblationCAM",
    "ActivationExtractor",
    "AttentionRollout",
    "ChannelAblation",
    "ChannelCensus",
    "CompleteMaps",
    "Complexity",
    "DeepLIFT",
    "EigenCAM",
    "ExpectedGradients",
    "Explainer",
    "Explanation",
    "FailingGroup",
    "FailingGroups",
    "Faithfulness",
    "FeatureImages",
    "FinerCAM",
    "FusedCAM",
    "GradCAM",
    "GradCAMPlusPlus",
    "GradCAMState",
    "GradientRollout",
    "GuidedBackpropagation",
    "GuidedGradCAM",
    "HardCase",
    "HiResCAM",
    "Infidelity",
    "InputXGradient",
    "IntegratedGradients",
    "KnownMethod",
    "LayerCAM",
    "LayerInformation",
    "LayerwiseRelevance",
    "Localization",
    "Location",
    "MapState",
    "ModelInformation",
    "MultiLayerCAM",
    "MultiLayerScoreCAM",
    "Occlusion",
    "RandomLabels",
    "Randomization",
    "Road",
    "Saliency",
    "Samples",
    "Saturation",
    "ScoreCAM",
    "Sensitivity",
    "Shortcut",
    "Shortcuts",
    "SmoothGrad",
    "Survey",
    "TokenGradCAM",
    "Trust",
    "TrustPlan",
    "Verdict",
    "XGradCAM",
    "ablate_channels",
    "activation_maximization",
    "box_masks",
    "channels",
    "complexity",
    "declare_task",
    "faithfulness",
    "find_failing_groups",
    "find_shortcuts",
    "infidelity",
    "inspect_model",
    "localization",
    "map_states",
    "max_sensitivity",
    "measure_trust",
    "number_of",
    "over_mask",
    "over_region",
    "pointing_game",
    "random_label_check",
    "randomization_check",
    "relevance_mass_accuracy",
    "relevance_rank_accuracy",
    "road",
    "scored",
    "survey_layers",
    "verdict",
    "verdicts",
]
