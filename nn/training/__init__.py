"""Training: the loop over epochs, what it records, and what can act in it.

The loop stands in `nn.training.loop`, what it records in `nn.training.history`, what acts in it in
`nn.training.callbacks`, what is measured beside the loss in `nn.training.metrics`.
"""

from nn.training.callbacks import BestWeights, Callback, EarlyStopping
from nn.training.history import History
from nn.training.loop import NonFiniteError, Run, fit
from nn.training.metrics import Metric, R2Score, accuracy, binary_accuracy, mean_absolute_error, mean_squared_error

__all__ = [
    "BestWeights",
    "Callback",
    "EarlyStopping",
    "History",
    "Metric",
    "NonFiniteError",
    "R2Score",
    "Run",
    "accuracy",
    "binary_accuracy",
    "fit",
    "mean_absolute_error",
    "mean_squared_error",
]
