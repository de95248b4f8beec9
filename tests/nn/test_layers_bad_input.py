"""Layers that are made or called wrongly say what was given and what was expected."""

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import functional


def ones(*shape):
    return ad.ones(shape, dtype=np.float32)


def attend(*shapes, layer=None, **masks):
    return (layer or nn.MultiheadAttention(4, 2))(*(ones(*shape) for shape in shapes), **masks)


SAME = [(3, 2, 4)] * 3

CASES = {
    "conv, channels": (
        lambda: nn.Conv2d(3, 4, 3)(ones(2, 2, 5, 5)),
        ValueError,
        r"\(4, 3, 3, 3\).*3 channels.*\(2, 2, 5, 5\)",
    ),
    "conv, axes": (lambda: nn.Conv1d(3, 4, 3)(ones(3)), ValueError, r"\(N, C, L\) or \(C, L\), got shape \(3,\)"),
    "conv, small": (lambda: nn.Conv1d(3, 4, 3)(ones(3, 2)), ValueError, "spans"),
    "conv, groups": (lambda: nn.Conv2d(4, 6, 3, groups=3), ValueError, "groups=3 does not divide 4 channels"),
    "conv, kernel": (
        lambda: nn.Conv2d(4, 6, (3, 3, 3)),
        ValueError,
        r"kernel_size is a whole number, or 2.*\(3, 3, 3\)",
    ),
    "conv, stride": (lambda: nn.Conv2d(4, 6, 3, stride=0), ValueError, "stride is at least 1, got 0"),
    "conv, real": (lambda: nn.Conv2d(4, 6, 1.5), TypeError, "kernel_size is a whole number, got 1.5"),
    "conv, same": (lambda: nn.Conv2d(4, 6, 3, stride=2, padding="same"), ValueError, "stride 1 only, got stride=2"),
    "conv, padding": (lambda: nn.Conv2d(4, 6, 3, padding="full"), ValueError, "'same' or 'valid', got 'full'"),
    "conv, mode": (lambda: nn.Conv2d(4, 6, 3, padding_mode="wrap"), ValueError, "'zeros' or .*'circular', got 'wrap'"),
    "conv, reflect": (
        lambda: nn.Conv1d(1, 1, 3, padding=3, padding_mode="reflect")(ones(1, 3)),
        ValueError,
        r"reflect adds 2 at most to axis 1 of shape \(1, 3\), got \(3, 3\)",
    ),
    "conv back, mode": (
        lambda: nn.ConvTranspose2d(1, 1, 3, padding_mode="reflect"),
        ValueError,
        "'zeros', got 'reflect'",
    ),
    "conv back, word": (lambda: nn.ConvTranspose2d(1, 1, 3, padding="same"), TypeError, "whole number, got 'same'"),
    "conv back, size": (
        lambda: nn.ConvTranspose1d(1, 1, 3, stride=2)(ones(1, 4), output_size=[12]),
        ValueError,
        r"ConvTranspose1d\(.*\(1, 4\) leads to axes from \(9,\) to \(10,\), output_size is \[12\]",
    ),
    "pool, indices": (lambda: nn.MaxPool2d(2, return_indices=True), ValueError, "return_indices=True is not possible"),
    "pool, padding": (lambda: nn.MaxPool2d(2, padding=2)(ones(1, 4, 4)), ValueError, "padding is at most half"),
    "pool, divisor": (
        lambda: nn.AvgPool2d(2, ceil_mode=True, divisor_override=3),
        ValueError,
        "divisor_override and ceil_mode",
    ),
    "batch norm, axes": (
        lambda: nn.BatchNorm2d(3)(ones(2, 3)),
        ValueError,
        r"BatchNorm2d\(3.*\(N, 3, H, W\), got \(2, 3\)",
    ),
    "batch norm, channels": (
        lambda: nn.BatchNorm1d(3)(ones(2, 4)),
        ValueError,
        r"\(N, 3\) or \(N, 3, L\), got \(2, 4\)",
    ),
    "batch norm, one": (lambda: nn.BatchNorm1d(3)(ones(1, 3)), ValueError, r"more than one number.*\(1, 3\)"),
    "batch norm, integers": (lambda: nn.BatchNorm1d(1)(ad.ones((2, 1), dtype=int)), TypeError, "BatchNorm1d.*int64"),
    "batch norm, rest": (lambda: functional.batch_norm(ones(2, 3)), ValueError, "without training, running_mean"),
    "batch norm, momentum": (lambda: nn.BatchNorm1d(1, momentum=1.5), ValueError, "momentum is from 0 to 1, got 1.5"),
    "layer norm": (lambda: nn.LayerNorm((2, 3))(ones(3, 2)), ValueError, r"\(3, 2\).*normalized_shape=\(2, 3\)"),
    "layer norm, nothing": (lambda: nn.LayerNorm(()), ValueError, r"normalized_shape.*got \(\)"),
    "rms norm": (lambda: nn.RMSNorm(2)(ones(3)), ValueError, r"\(3,\) does not end in normalized_shape=\(2,\)"),
    "group norm": (lambda: nn.GroupNorm(2, 3), ValueError, "num_groups=2 does not divide 3 channels"),
    "group norm, channels": (
        lambda: nn.GroupNorm(2, 4)(ones(2, 6)),
        ValueError,
        r"GroupNorm.*\(N, 4, ...\), got \(2, 6\)",
    ),
    "bilinear": (
        lambda: nn.Bilinear(2, 3, 4)(ones(5, 2), ones(5, 2)),
        ValueError,
        r"\(4, 2, 3\).*\(5, 2\) and \(5, 2\)",
    ),
    "bilinear, batches": (lambda: nn.Bilinear(2, 3, 4)(ones(5, 2), ones(3)), ValueError, r"\(5, 2\) and \(3,\)"),
    "embedding": (lambda: nn.Embedding(3, 2)([[0, -1]]), ValueError, r"from 0 to 2, got -1 at index \(0, 1\)"),
    "embedding, reals": (lambda: nn.Embedding(3, 2)([0.5]), TypeError, "whole numbers, got dtype float64"),
    "embedding, sparse": (lambda: nn.Embedding(3, 2, sparse=True), ValueError, "sparse=True is not possible"),
    "embedding, padding": (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, "one of 3 rows, got 3"),
    "dropout2d": (lambda: nn.Dropout2d()(ones(2, 3)), ValueError, r"\(N, C, H, W\) or \(N, C, L\), got \(2, 3\)"),
    "unflatten": (lambda: nn.Unflatten(1, (2, 2))(ones(2, 6)), ValueError, r"axis 1 of shape \(2, 6\).*\(2, 2\)"),
    "unflatten, axis": (lambda: nn.Unflatten(2, (2, 2))(ones(2, 6)), ValueError, r"no axis 2 in shape \(2, 6\)"),
    "upsample": (lambda: nn.Upsample()(ones(1, 1, 2)), ValueError, "either size or scale_factor, got None and None"),
    "upsample, mode": (
        lambda: nn.Upsample(2, mode="bilinear")(ones(1, 1, 2)),
        ValueError,
        r"'bilinear' takes shape.*2 axes.*got \(1, 1, 2\)",
    ),
    "upsample, corners": (
        lambda: nn.Upsample(2, align_corners=True)(ones(1, 1, 2)),
        ValueError,
        "align_corners is for modes that weight elements, not for 'nearest'",
    ),
    "upsample, nothing": (
        lambda: nn.Upsample(scale_factor=0.4)(ones(1, 1, 2)),
        ValueError,
        r"\(2,\) would become \(0,\)",
    ),
    "antialias": (
        lambda: functional.interpolate(ones(1, 1, 2), 2, antialias=True),
        ValueError,
        "antialias=True is not possible",
    ),
    "pad": (lambda: functional.pad(ones(2), (1, 2, 3)), ValueError, r"pairs.*1 axes, got \(1, 2, 3\)"),
    "pad, negative": (lambda: functional.pad(ones(2), (-1, 0)), ValueError, r"at least 0.*\(-1, 0\)"),
    "lstm": (
        lambda: nn.LSTM(3, 4)(ones(5, 2, 2)),
        ValueError,
        r"LSTM\(3, 4\) takes shape \(T, N, 3\) or \(T, 3\), got \(5, 2, 2\)",
    ),
    "lstm, state": (lambda: nn.LSTM(3, 4)(ones(5, 2, 3), ones(1, 2, 4)), TypeError, r"a pair \(h, c\), got Tensor"),
    "lstm, shapes": (
        lambda: nn.LSTM(3, 4)(ones(5, 2, 3), (ones(1, 2, 4), ones(2, 2, 4))),
        ValueError,
        r"first state c has shape \(1, 2, 4\), got \(2, 2, 4\)",
    ),
    "lstm, projection": (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "less than hidden_size=4, got 4"),
    "gru, empty": (lambda: nn.GRU(3, 4)(ones(0, 2, 3)), ValueError, r"at least one step, got shape \(0, 2, 3\)"),
    "gru, state": (
        lambda: nn.GRU(3, 4)(ones(5, 3), ones(1, 1, 4)),
        ValueError,
        r"h has shape \(1, 4\), got \(1, 1, 4\)",
    ),
    "rnn": (lambda: nn.RNN(3, 4, nonlinearity="gelu"), ValueError, "'tanh' or 'relu', got 'gelu'"),
    "attention, heads": (lambda: nn.MultiheadAttention(4, 3), ValueError, "num_heads=3 does not divide 4 channels"),
    "attention, shapes": (
        lambda: attend((3, 2, 4), (5, 2, 4), (6, 2, 4)),
        ValueError,
        r"\(L, N, 4\), \(S, N, 4\).*\(3, 2, 4\), \(5, 2, 4\) and \(6, 2, 4\)",
    ),
    "attention, mask": (
        lambda: attend(*SAME, attn_mask=np.zeros((2, 2), bool)),
        ValueError,
        r"attn_mask has shape \(3, 3\) or \(4, 3, 3\), got \(2, 2\)",
    ),
    "attention, padding": (
        lambda: attend(*SAME, key_padding_mask=np.zeros((3, 2), bool)),
        ValueError,
        r"key_padding_mask has shape \(2, 3\), got \(3, 2\)",
    ),
    "attention, integers": (lambda: attend(*SAME, attn_mask=np.zeros((3, 3), int)), TypeError, "attn_mask.*int64"),
    "attention, function": (
        lambda: functional.scaled_dot_product_attention(ones(2, 3), ones(2, 4), ones(2, 3)),
        ValueError,
        r"\(2, 3\) and \(2, 4\)",
    ),
    "attention, values": (
        lambda: functional.scaled_dot_product_attention(ones(2, 3), ones(2, 3), ones(3, 3)),
        ValueError,
        r"a row for each key.*\(3, 3\), \(2, 3\)",
    ),
    "attention, function's mask": (
        lambda: functional.scaled_dot_product_attention(ones(2, 3), ones(2, 3), ones(2, 3), np.ones((3, 2), bool)),
        ValueError,
        r"attn_mask of shape \(3, 2\).*\(2, 2\)",
    ),
    "encoder": (lambda: nn.TransformerEncoderLayer(4, 2, activation="elu"), ValueError, "'relu' or 'gelu', got 'elu'"),
    "glu": (lambda: nn.GLU()(ones(2, 3)), ValueError, r"even length.*axis -1 of shape \(2, 3\)"),
    "prelu": (lambda: nn.PReLU(3)(ones(2, 4)), ValueError, r"\(3,\).*\(2, 4\)"),
    "rrelu": (lambda: nn.RReLU(0.5, 0.1), ValueError, "lower=0.5 and upper=0.1"),
    "softshrink": (lambda: nn.Softshrink(-1), ValueError, "lambd is at least 0, got -1"),
    "softmax2d": (lambda: nn.Softmax2d()(ones(2, 3)), ValueError, r"\(C, H, W\), got \(2, 3\)"),
    "kl": (lambda: nn.KLDivLoss("batch"), ValueError, "got 'batch'"),
    "kl, shapes": (lambda: nn.KLDivLoss()(ones(2), [1.0]), ValueError, r"kl_div.*\(2,\).*\(1,\)"),
    "kl, empty": (lambda: nn.KLDivLoss("batchmean")(ones(0, 2), np.ones((0, 2))), ValueError, "empty batch"),
    "hinge": (lambda: nn.HingeEmbeddingLoss()(ones(2), [1, 0]), ValueError, "1 or -1, got 0.* at index 1"),
    "ranking": (
        lambda: nn.MarginRankingLoss()(ones(2), ones(3), [1, 1]),
        ValueError,
        r"margin_ranking_loss.*\(2,\) and \(3,\)",
    ),
    "cosine": (lambda: nn.CosineEmbeddingLoss()(ones(2, 3), ones(2, 3), [1]), ValueError, r"shape \(2,\), got \(1,\)"),
    "triplet": (lambda: nn.TripletMarginLoss()(ones(2, 3), ones(2, 3), ones(3)), ValueError, r"\(2, 3\) and \(3,\)"),
    "triplet, margin": (lambda: nn.TripletMarginLoss(margin=0), ValueError, "margin is above 0, got 0"),
    "gaussian": (
        lambda: nn.GaussianNLLLoss()(ones(2, 3), ones(2, 3), ones(3, 2)),
        ValueError,
        r"\(2, 3\), the variance \(3, 2\)",
    ),
    "gaussian, negative": (lambda: nn.GaussianNLLLoss()(ones(1), [1.0], [-1.0]), ValueError, "at least 0, got -1.0"),
    "smooth l1": (lambda: nn.SmoothL1Loss(beta=-1), ValueError, "beta is at least 0, got -1"),
    "clip": (lambda: nn.utils.clip_grad_norm_([np.ones(2)], 1.0), TypeError, "takes Tensors, got ndarray"),
    "clip, negative": (lambda: nn.utils.clip_grad_norm_([], -1.0), ValueError, "max_norm is at least 0, got -1.0"),
    "vector": (lambda: nn.utils.parameters_to_vector([]), ValueError, "at least one Tensor, got none"),
    "vector, length": (
        lambda: nn.utils.vector_to_parameters([1.0], nn.Linear(1, 1).parameters()),
        ValueError,
        r"2 numbers for 2, got shape \(1,\)",
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("call", "error", "message"), CASES.values(), ids=CASES.keys())
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()
