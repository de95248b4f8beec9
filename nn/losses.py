"""Losses as modules; what they compute stands in `nn.functional`.

They are called with the prediction and the target.  `reduction` is ``"mean"``, ``"sum"`` or ``"none"``.
"""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import checks, functional
from nn.module import Module


class _Loss(Module):
    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = checks.reduction(reduction)


class MSELoss(_Loss):
    r"""Squared error: :math:`(x - t)^2`, reduced; see :func:`nn.functional.mse_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.MSELoss()(ad.tensor([1.0, 2.0]), [0.0, 0.0]).item()
    2.5
    """

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    r"""Absolute error: :math:`|x - t|`, reduced; see :func:`nn.functional.l1_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.L1Loss(reduction="sum")(ad.tensor([1.0, -2.0]), [0.0, 0.0]).item()
    3.0
    """

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    r"""Huber's loss: :math:`\tfrac12 d^2` where :math:`|d| \le \delta`, else :math:`\delta (|d| - \tfrac12 \delta)`.

    Where :math:`d = x - t`, reduced; see :func:`nn.functional.huber_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.HuberLoss(reduction="none")(ad.tensor([0.5, 2.0]), [0.0, 0.0])
    Tensor([0.125, 1.5  ])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = checks.positive("HuberLoss", "delta", delta)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.huber_loss(input, target, self.reduction, self.delta)


class BCELoss(_Loss):
    r"""Binary cross-entropy of probabilities: :math:`-w (t \log p + (1 - t) \log(1 - p))`, reduced.

    See :func:`nn.functional.binary_cross_entropy`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> round(nn.BCELoss()(ad.tensor([0.5, 1.0]), [1, 1]).item(), 4)
    0.3466
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_Loss):
    r"""Binary cross-entropy of logits: :math:`-w (p_c \, t \log \sigma(x) + (1 - t) \log(1 - \sigma(x)))`, reduced.

    See :func:`nn.functional.binary_cross_entropy_with_logits`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> round(nn.BCEWithLogitsLoss(pos_weight=[2.0])(ad.tensor([0.0]), [1]).item(), 4)
    1.3863
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.pos_weight = pos_weight

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class NLLLoss(_Loss):
    r"""Negative log-likelihood: :math:`-w_k \, x_k`, where k is the right class, reduced.

    It takes logarithms of probabilities; see :func:`nn.functional.nll_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.NLLLoss()(ad.tensor([[-1.0, -2.0], [-3.0, -4.0]]), [0, 1]).item()
    2.5
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.weight = weight
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(_Loss):
    r"""Cross-entropy of logits: :math:`-\sum_c w_c \, t_c \log \operatorname{softmax}(x)_c`, reduced.

    Targets are class labels or class probabilities; see :func:`nn.functional.cross_entropy`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> round(nn.CrossEntropyLoss()(ad.tensor([[0.0, 0.0], [0.0, 1000.0]]), [0, 1]).item(), 4)
    0.3466
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction)
        self.weight = weight
        self.ignore_index = ignore_index
        self.label_smoothing = checks.fraction("CrossEntropyLoss", "label_smoothing", label_smoothing)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )
