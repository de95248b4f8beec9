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


class _Weighted(_Loss):
    """A loss with weights, which are buffers: they belong to the state."""

    weight: ad.Tensor | None

    def __init__(self, weight: Any, reduction: str) -> None:
        super().__init__(reduction)
        self._keep("weight", weight)

    def _keep(self, name: str, weight: Any) -> None:
        self.register_buffer(name, checks.given_weights(type(self).__name__, name, weight))


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


class SmoothL1Loss(_Loss):
    r"""Huber's, divided: :math:`d^2 / 2 \beta` where :math:`|d| < \beta`, else :math:`|d| - \tfrac12 \beta`.

    Where :math:`d = x - t`, reduced; see :func:`nn.functional.smooth_l1_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.SmoothL1Loss(reduction="none", beta=2.0)(ad.tensor([0.5, 2.0]), [0.0, 0.0])
    Tensor([0.0625, 1.    ])
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = checks.at_least_0("SmoothL1Loss", "beta", beta)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.smooth_l1_loss(input, target, self.reduction, self.beta)


class PoissonNLLLoss(_Loss):
    r"""Of the logarithm of a rate: :math:`e^x - t x`, reduced; see :func:`nn.functional.poisson_nll_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.PoissonNLLLoss()(ad.tensor([0.0, 0.0]), [0.0, 3.0]).item()
    1.0
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = checks.at_least_0("PoissonNLLLoss", "eps", eps)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.poisson_nll_loss(input, target, self.log_input, self.full, self.eps, self.reduction)


class GaussianNLLLoss(_Loss):
    r"""Of a mean and a variance: :math:`\tfrac12 (\log v + (x - t)^2 / v)`, reduced.

    It is called with the mean, the target and the variance; see :func:`nn.functional.gaussian_nll_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.GaussianNLLLoss()(ad.tensor([1.0, 3.0]), [0.0, 0.0], [1.0, 1.0]).item()
    2.5
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.full = full
        self.eps = checks.positive("GaussianNLLLoss", "eps", eps)

    def forward(self, input: Any, target: Any, var: Any) -> ad.Tensor:
        return functional.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class KLDivLoss(_Loss):
    r"""Divergence of distributions: :math:`t (\log t - x)`, where x is the logarithm of a probability, reduced.

    `reduction` may also be ``"batchmean"``; see :func:`nn.functional.kl_div`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> round(nn.KLDivLoss("batchmean")(ad.log(ad.tensor([[0.5, 0.5]])), [[1.0, 0.0]]).item(), 4)
    0.6931
    """

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__("sum" if reduction == "batchmean" else reduction)
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.kl_div(input, target, self.reduction, self.log_target)


class BCELoss(_Weighted):
    r"""Binary cross-entropy of probabilities: :math:`-w (t \log p + (1 - t) \log(1 - p))`, reduced.

    See :func:`nn.functional.binary_cross_entropy`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> round(nn.BCELoss()(ad.tensor([0.5, 1.0]), [1, 1]).item(), 4)
    0.3466
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(weight, reduction)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_Weighted):
    r"""Binary cross-entropy of logits: :math:`-w (p_c \, t \log \sigma(x) + (1 - t) \log(1 - \sigma(x)))`, reduced.

    See :func:`nn.functional.binary_cross_entropy_with_logits`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> round(nn.BCEWithLogitsLoss(pos_weight=[2.0])(ad.tensor([0.0]), [1]).item(), 4)
    1.3863
    """

    pos_weight: ad.Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight, reduction)
        self._keep("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)


class NLLLoss(_Weighted):
    r"""Negative log-likelihood: :math:`-w_k \, x_k`, where k is the right class, reduced.

    It takes logarithms of probabilities; see :func:`nn.functional.nll_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.NLLLoss()(ad.tensor([[-1.0, -2.0], [-3.0, -4.0]]), [0, 1]).item()
    2.5
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class CrossEntropyLoss(_Weighted):
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
        super().__init__(weight, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = checks.fraction("CrossEntropyLoss", "label_smoothing", label_smoothing)

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class CosineEmbeddingLoss(_Loss):
    r"""Of the cosine c of the angle of two: :math:`1 - c` for t = 1, :math:`\max(0, c - m)` for t = -1, reduced.

    It is called with both and the target; see :func:`nn.functional.cosine_embedding_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x, y = ad.tensor([[3.0, 4.0], [3.0, 4.0]]), ad.tensor([[4.0, 3.0], [4.0, 3.0]])
    >>> nn.CosineEmbeddingLoss(reduction="none")(x, y, [1, -1])
    Tensor([0.04, 0.96])
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> ad.Tensor:
        return functional.cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


class HingeEmbeddingLoss(_Loss):
    r"""Of a distance: :math:`x` for t = 1, :math:`\max(0, m - x)` for t = -1, reduced; m is the margin.

    See :func:`nn.functional.hinge_embedding_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.HingeEmbeddingLoss(reduction="none")(ad.tensor([0.25, 0.25]), [1, -1])
    Tensor([0.25, 0.75])
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> ad.Tensor:
        return functional.hinge_embedding_loss(input, target, self.margin, self.reduction)


class MarginRankingLoss(_Loss):
    r"""Of two that should be in order: :math:`\max(0, -t (x_1 - x_2) + m)`, reduced; m is the margin.

    It is called with both and the target; see :func:`nn.functional.margin_ranking_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.MarginRankingLoss(reduction="none")(ad.tensor([1.0, 1.0]), ad.tensor([3.0, 3.0]), [1, -1])
    Tensor([2., 0.])
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> ad.Tensor:
        return functional.margin_ranking_loss(input1, input2, target, self.margin, self.reduction)


class TripletMarginLoss(_Loss):
    r"""Of one, its like and its unlike: :math:`\max(0, d(a, x) - d(a, y) + m)`, reduced; m is the margin.

    It is called with all three; see :func:`nn.functional.triplet_margin_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.TripletMarginLoss(eps=0.0)(ad.tensor([[0.0]]), ad.tensor([[2.0]]), ad.tensor([[1.5]])).item()
    1.5
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.margin = checks.positive("TripletMarginLoss", "margin", margin)
        self.p = checks.positive("TripletMarginLoss", "p", p)
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Any, positive: Any, negative: Any) -> ad.Tensor:
        return functional.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, self.reduction
        )
