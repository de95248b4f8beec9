"""Optimizers, the update rules under them, and schedules of the learning rate.

The rules are pure functions in `nn.optim.rules`; the optimizers with PyTorch's face stand in `nn.optim.algorithms` and
`nn.optim.lbfgs`, what they have in common in `nn.optim.optimizer`.  The learning rate as a pure function of the step
stands in `nn.optim.schedules`, PyTorch's schedulers over it in `nn.optim.lr_scheduler`.
"""

from nn.optim import lr_scheduler, rules, schedules
from nn.optim.algorithms import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    RAdam,
    RMSprop,
)
from nn.optim.lbfgs import LBFGS
from nn.optim.optimizer import Optimizer
from nn.optim.rules import adadelta, adagrad, adam, adamax, adamw, lion, nadam, radam, rmsprop, sgd

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "lion",
    "lr_scheduler",
    "nadam",
    "radam",
    "rmsprop",
    "rules",
    "schedules",
    "sgd",
]
