"""Which attributes of a layer can a trace read? All but those of training, of Keras's bookkeeping and of making weights."""

from __future__ import annotations

from typing import Any

_UNREAD = {  # what training, evaluating, a trace and Keras's bookkeeping change; no answer depends on it
    "_losses",
    "_loss_ids",
    "_eager_losses",
    "_metrics",
    "_called",
    "built",
    "_inbound_nodes",
    "_outbound_nodes",
    "optimizer",
    "history",
    "loss",
    "train_function",
    "test_function",
    "predict_function",
    "train_tf_function",
    "stop_training",
    "stop_predicting",
    "stop_evaluating",
    "compiled",
    "compiled_loss",
    "compiled_metrics",
    "_is_compiled",
    "_jit_compile",
    "_steps_per_execution",
    "steps_per_execution",
    "_loss_tracker",
    "_compile_loss",
    "_compile_metrics",
    "_compile_config",
    "_compiled_trainable_state",
    "_pss_evaluation_shards",
    "_eval_epoch_iterator",
    "_trainable_variables",  # each variable is an attribute of its layer, too
    "_non_trainable_variables",
    "_seed_generators",
    "_layers",  # told by `layers_within`
    "_tracked",
    "_tracker",
    "_losses_override",
    "_build_shapes_dict",
    "call_signature_parameters",
    "_call_context_args",
    "_call_has_context_arg",
}
_KEPT_BY_KERAS = {  # as it is made, once: what it is called, takes and was made with, how it is saved and quantized
    "_auto_config",
    "_saved_model_inputs_spec",
    "_saved_model_arg_spec",
    "_path",
    "_parent_path",
    "_input_spec",
    "_call_signature",
    "_call_has_training_arg",
    "_call_has_mask_arg",
    "_convert_input_args",
    "_allow_non_tensor_positional_args",
    "_supports_masking",
    "_lock",
    "_remat_mode",
    "supports_jit",
    "build",
    "quantize",
}
_OF_TRAINING = ("_initializer", "_regularizer", "_constraint", "_trainable")  # names of Keras's own layers end so


def read_names(layer: Any) -> list[str]:
    """The names of the attributes that count; of a class of one's own, also those that Keras itself would not read."""
    names = [name for name in vars(layer) if not _is_unread(name)]
    if not is_of_keras(layer):
        return names
    return [name for name in names if not name.endswith(_OF_TRAINING)]


def is_of_keras(layer: Any) -> bool:
    """Whether the class of a layer is one of Keras's own."""
    return type(layer).__module__.partition(".")[0] in ("keras", "tf_keras")


def is_opened(layer: Any, name: str) -> bool:
    """Whether it is looked what an attribute holds: not of what Keras keeps to itself, whose lists are made once."""
    return not (name.startswith("_") and is_of_keras(layer))


def _is_unread(name: str) -> bool:
    return name in _UNREAD or name in _KEPT_BY_KERAS or name.startswith("_self_")
