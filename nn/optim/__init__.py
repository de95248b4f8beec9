"""Optimizers, and the update rules under them."""

from nn.optim.optimizer import SGD, Adam, Optimizer
from nn.optim.rules import adam, sgd

__all__ = ["SGD", "Adam", "Optimizer", "adam", "sgd"]
