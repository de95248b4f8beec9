"""Networks as scikit-learn's estimators: in pipelines, grid searches, cross-validation.

Needs scikit-learn: ``pip install 'autodiff-nn[sklearn]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

import autodiff as ad
from nn import activations, optim
from nn.containers import Sequential
from nn.data import DataLoader, TensorDataset, random_split
from nn.layers import Linear
from nn.losses import CrossEntropyLoss, MSELoss
from nn.module import Module
from nn.training import BestWeights, EarlyStopping, fit

Array = np.ndarray[Any, Any]


class _Neural(BaseEstimator):
    """What both estimators share."""

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (100,),
        activation: str = "ReLU",
        *,
        model: Callable[[int, int, np.random.Generator], Module] | None = None,
        optimizer: str = "Adam",
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        batch_size: int = 32,
        epochs: int = 100,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        patience: int = 10,
        callbacks: Sequence[Any] = (),
        random_state: Any = None,
        progress: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.callbacks = callbacks
        self.random_state = random_state
        self.progress = progress

    def _trained(self, x: Array, y: Array, outputs: int, loss: Any) -> Self:
        """Make a network of so many outputs, and train it."""
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1, size=4))
        build = self._network if self.model is None else self.model
        self.model_ = build(x.shape[1], outputs, rng)
        self.model_.to(x.dtype)
        data: Any = TensorDataset(x, y)
        validation, callbacks = None, list(self.callbacks)
        if self.early_stopping:
            if not 0 < self.validation_fraction < 1:
                raise ValueError(f"validation_fraction is between 0 and 1, got {self.validation_fraction}")
            held = max(1, round(len(x) * self.validation_fraction))
            if held >= len(x):
                raise ValueError(f"early stopping holds a sample out and needs another one, got n_samples={len(x)}")
            data, rest = random_split(data, [len(x) - held, held], rng)
            validation = DataLoader(rest, self.batch_size)
            callbacks += [EarlyStopping(patience=self.patience), BestWeights()]
        kind = getattr(optim, self.optimizer, None)
        if not (isinstance(kind, type) and issubclass(kind, optim.Optimizer)):
            raise ValueError(f"optimizer is the name of one of nn.optim's, such as 'Adam', got {self.optimizer!r}")
        settings: dict[str, Any] = {"lr": self.learning_rate, "weight_decay": self.weight_decay}
        self.history_ = fit(
            self.model_,
            loss,
            DataLoader(data, self.batch_size, shuffle=True, rng=rng),
            optimizer=kind(self.model_.parameters(), **settings),
            epochs=self.epochs,
            validation=validation,
            callbacks=callbacks,
            progress=self.progress,
        )
        self.model_.eval()
        return self

    def _network(self, inputs: int, outputs: int, rng: np.random.Generator) -> Module:
        kind = getattr(activations, self.activation, None)
        if not (isinstance(kind, type) and issubclass(kind, Module)):
            raise ValueError(f"activation is the name of one of nn's, such as 'ReLU', got {self.activation!r}")
        sizes = [inputs, *self.hidden_layer_sizes]
        layers: list[Module] = []
        for size, following in pairwise(sizes):
            layers += [Linear(size, following, rng=rng), kind()]
        return Sequential(*layers, Linear(sizes[-1], outputs, rng=rng))

    def _outputs(self, X: Any) -> Array:  # noqa: N803 - scikit-learn's name
        check_is_fitted(self)
        x = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        with ad.no_grad():
            return self.model_(x).numpy()


class NeuralClassifier(ClassifierMixin, _Neural):
    """A network that tells classes apart, trained on cross-entropy, as a scikit-learn classifier.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int
        How many neurons each layer between has.
    activation : str
        The name of one of nn's activations, behind each of these.
    model : callable, optional
        Makes the network, in place of these two: from the number of features, the number of outputs and a generator.
    optimizer : str
        The name of one of `nn.optim`'s.
    learning_rate, weight_decay : float
    batch_size, epochs : int
    early_stopping : bool
        Hold some samples out, stop when their loss no longer falls, and keep the best weights.
    validation_fraction : float
        How many of the samples these are.
    patience : int
        For how many epochs the loss may not fall.
    callbacks : sequence
        For :func:`nn.fit`.
    random_state : int, RandomState or None
        Where all random numbers come from.
    progress : bool

    Attributes
    ----------
    model_ : Module
        The trained network.
    history_ : History
    classes_ : array
    n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from nn.sklearn import NeuralClassifier
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> NeuralClassifier(learning_rate=0.05, random_state=0).fit(x, ["no", "yes", "yes", "no"]).predict(x)
    array(['no', 'yes', 'yes', 'no'], dtype='<U3')
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's name
        """Train a network on samples X of shape (N, features) and labels y."""
        x, labels = validate_data(self, X, y, dtype=[np.float64, np.float32])
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        return self._trained(x, numbers, len(self.classes_), CrossEntropyLoss())

    def predict_proba(self, X: Any) -> Array:  # noqa: N803 - scikit-learn's name
        """The probability of each class, in the order of `classes_`."""
        return ad.softmax(self._outputs(X), axis=1).numpy()

    def predict(self, X: Any) -> Array:  # noqa: N803 - scikit-learn's name
        """The most probable class."""
        found = self._outputs(X).argmax(1)
        return self.classes_[found]


class NeuralRegressor(RegressorMixin, _Neural):
    """A network that predicts numbers, trained on squared error, as a scikit-learn regressor.

    The parameters and attributes are those of :class:`NeuralClassifier`; targets may have several columns.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.sklearn import NeuralRegressor
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> NeuralRegressor(random_state=0).fit(x, x[:, 0] ** 2).score(x, x[:, 0] ** 2) > 0.9
    True
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's name
        """Train a network on samples X of shape (N, features) and targets y of shape (N,) or (N, outputs)."""
        x, targets = validate_data(self, X, y, dtype=[np.float64, np.float32], multi_output=True, y_numeric=True)
        self._flat = targets.ndim == 1
        columns = targets.reshape(len(targets), -1).astype(x.dtype)
        return self._trained(x, columns, columns.shape[1], MSELoss())

    def predict(self, X: Any) -> Array:  # noqa: N803 - scikit-learn's name
        """The predicted numbers, in the shape of the targets it was trained on."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._flat else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
