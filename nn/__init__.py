"""Neural networks on `autodiff`, with PyTorch's names.

Here are only names: modules and parameters stand in `nn.module`, what holds them in `nn.containers`, layers,
activations and losses in files of these names, the same as functions in `nn.functional`, initial values in `nn.init`,
optimizers in `nn.optim`.
"""

from nn import functional, init, optim
from nn.activations import (
    CELU,
    ELU,
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from nn.containers import ModuleDict, ModuleList, Sequential
from nn.layers import Dropout, Flatten, Identity, Linear
from nn.losses import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
)
from nn.module import IncompatibleKeys, Module, Parameter, StateDictError
from nn.random import manual_seed
from nn.stateless import functional_call

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "IncompatibleKeys",
    "L1Loss",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "Mish",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "StateDictError",
    "Tanh",
    "functional",
    "functional_call",
    "init",
    "manual_seed",
    "optim",
]
