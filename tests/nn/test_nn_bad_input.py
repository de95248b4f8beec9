"""Bad input to nn gets an error that says what was given and what was expected."""

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import functional, init
from nn.optim import SGD, Adam

nan = np.nan


def logits(*shape):
    return ad.zeros(shape or (2, 3), requires_grad=True)


def leaf(data=(1.0, 2.0)):
    return ad.tensor(data, requires_grad=True)


CASES = {
    # shapes of predictions and targets: both named, and the loss
    "mse": (lambda: nn.MSELoss()(leaf(), [[1.0], [2.0]]), ValueError, r"mse_loss.*\(2,\).*\(2, 1\)"),
    "mse, broadcast": (lambda: nn.MSELoss()(logits(2, 1), [1.0, 2.0]), ValueError, r"mse_loss.*\(2, 1\).*\(2,\)"),
    "mse, number": (lambda: nn.MSELoss()(leaf(), 1.0), ValueError, r"mse_loss.*\(2,\).*\(\)"),
    "l1": (lambda: nn.L1Loss()(leaf(), np.ones(3)), ValueError, r"l1_loss.*\(2,\).*\(3,\)"),
    "huber": (lambda: nn.HuberLoss()(leaf(), ad.ones(3)), ValueError, r"huber_loss.*\(2,\).*\(3,\)"),
    "bce": (lambda: nn.BCELoss()(leaf(), [1]), ValueError, r"binary_cross_entropy.*\(2,\).*\(1,\)"),
    "bce logits": (lambda: nn.BCEWithLogitsLoss()(leaf(), [1]), ValueError, r"with_logits.*\(2,\).*\(1,\)"),
    "nll": (lambda: nn.NLLLoss()(logits(), [[0], [1]]), ValueError, r"nll_loss.*\(2, 3\).*\(2, 1\).*\(2,\)"),
    "ce": (
        lambda: nn.CrossEntropyLoss()(logits(), [0, 1, 2]),
        ValueError,
        r"cross_entropy.*\(2, 3\).*\(3,\).*labels of shape \(2,\).*probabilities of shape \(2, 3\)",
    ),
    "ce, images": (
        lambda: nn.CrossEntropyLoss()(logits(2, 3, 4), [0, 1]),
        ValueError,
        r"\(2, 3, 4\).*\(2,\).*\(2, 4\)",
    ),
    "ce, a number": (lambda: nn.CrossEntropyLoss()(logits(2).sum(), 0), ValueError, r"\(C,\), \(N, C\).*got \(\)"),
    "ce, no classes": (lambda: nn.CrossEntropyLoss()(logits(2, 0), [0, 0]), ValueError, r"\(2, 0\) has no classes"),
    # values of targets
    "mse, NaN": (lambda: nn.MSELoss()(leaf(), [0.0, nan]), ValueError, "mse_loss.*nan at index 1"),
    "mse, NaN, none": (
        lambda: nn.MSELoss(reduction="none")(logits(1, 2), [[nan, 0]]),
        ValueError,
        r"nan at index \(0, 0\)",
    ),
    "l1, NaN": (lambda: nn.L1Loss("sum")(leaf(), [0.0, nan]), ValueError, "l1_loss.*nan at index 1"),
    "huber, NaN": (lambda: nn.HuberLoss()(leaf(), [nan, 0.0]), ValueError, "huber_loss.*nan at index 0"),
    "huber, NaN, number": (lambda: nn.HuberLoss()(leaf(1.0), nan), ValueError, "huber_loss.*got nan$"),
    "bce, NaN": (
        lambda: nn.BCELoss()(leaf([0.5, 0.5]), [0, nan]),
        ValueError,
        "target is from 0 to 1, got nan at index 1",
    ),
    "bce, target": (
        lambda: nn.BCELoss()(leaf([0.5, 0.5]), [0, 2]),
        ValueError,
        "target is from 0 to 1, got 2.0 at index 1",
    ),
    "bce, target, one": (
        lambda: nn.BCELoss()(leaf([0.5]), [-0.5]),
        ValueError,
        "target is from 0 to 1, got -0.5 at index 0",
    ),
    "bce, prediction": (lambda: nn.BCELoss()(leaf([0.5, 1.5]), [0, 1]), ValueError, "prediction is.*1.5 at index 1"),
    "bce, prediction NaN": (
        lambda: nn.BCELoss()(leaf([nan, 0.5]), [0, 1]),
        ValueError,
        "prediction is.*nan at index 0",
    ),
    "bce logits, target": (lambda: nn.BCEWithLogitsLoss()(leaf(), [0, 7]), ValueError, "7.0 at index 1"),
    "bce logits, NaN": (lambda: nn.BCEWithLogitsLoss()(leaf(), [0, nan]), ValueError, "nan at index 1"),
    "ce, label": (
        lambda: nn.CrossEntropyLoss()(logits(), [0, 3]),
        ValueError,
        "3 classes are from 0 to 2, got 3 at index 1",
    ),
    "ce, negative label": (lambda: nn.CrossEntropyLoss()(logits(), [-1, 0]), ValueError, "got -1 at index 0"),
    "ce, single label": (lambda: nn.CrossEntropyLoss()(logits(3), 3), ValueError, "0 to 2, got 3$"),
    "ce, label in an image": (
        lambda: nn.CrossEntropyLoss()(logits(1, 2, 2), [[0, 2]]),
        ValueError,
        r"2 classes are from 0 to 1, got 2 at index \(0, 1\)",
    ),
    "nll, label beside ignored": (lambda: nn.NLLLoss()(logits(), [-100, 9]), ValueError, "got 9 at index 1"),
    "ce, real labels": (lambda: nn.CrossEntropyLoss()(logits(), [0.0, 1.0]), TypeError, "labels are integers.*float64"),
    "ce, booleans": (lambda: nn.CrossEntropyLoss()(logits(), [True, False]), TypeError, "labels are integers.*bool"),
    "ce, integer probabilities": (
        lambda: nn.CrossEntropyLoss()(logits(), np.eye(3, dtype=int)[:2]),
        TypeError,
        r"\(2, 3\) holds class probabilities.*int64",
    ),
    "ce, probability": (
        lambda: nn.CrossEntropyLoss()(logits(), np.eye(3)[:2] * 2),
        ValueError,
        r"2.0 at index \(0, 0\)",
    ),
    "ce, NaN": (lambda: nn.CrossEntropyLoss()(logits(), np.eye(3)[:2] * nan), ValueError, "probability.*nan"),
    "ce, ignored probabilities": (
        lambda: nn.CrossEntropyLoss(ignore_index=1)(logits(), np.eye(3)[:2]),
        ValueError,
        "ignore_index=1 is for class labels",
    ),
    # kinds of numbers
    "mse, integers": (lambda: nn.MSELoss()(ad.tensor([1, 2]), [0.5, 1]), TypeError, "mse_loss.*floating-point.*int64"),
    "mse, complex": (lambda: nn.MSELoss()(leaf([1j]), [0]), TypeError, "floating-point.*complex128"),
    "mse, complex target": (lambda: nn.MSELoss()(leaf([1.0]), [1j]), TypeError, "real numbers.*complex128"),
    "mse, text": (lambda: nn.MSELoss()(leaf([1.0]), ["a"]), TypeError, "real numbers.*<U1"),
    "mse, None": (lambda: nn.MSELoss()(leaf([1.0]), None), TypeError, "real numbers.*object"),
    # nothing to take the mean of
    "mse, empty": (
        lambda: nn.MSELoss()(logits(0, 2), np.zeros((0, 2))),
        ValueError,
        r"mse_loss: an empty batch.*\(0, 2\)",
    ),
    "bce, empty": (lambda: nn.BCELoss()(logits(0), []), ValueError, r"binary_cross_entropy: an empty batch"),
    "ce, empty": (
        lambda: nn.CrossEntropyLoss()(logits(0, 3), []),
        ValueError,
        r"cross_entropy: an empty batch.*\(0, 3\)",
    ),
    "nll, all ignored": (lambda: nn.NLLLoss()(logits(), [-100, -100]), ValueError, "nll_loss.*all ignored"),
    "ce, no weight": (lambda: nn.CrossEntropyLoss([0, 1, 1])(logits(), [0, 0]), ValueError, "of weight 0"),
    "ce, empty probabilities": (
        lambda: nn.CrossEntropyLoss()(logits(0, 3), np.zeros((0, 3))),
        ValueError,
        "an empty batch",
    ),
    # weights and settings
    "ce, weight": (lambda: nn.CrossEntropyLoss([1, 2])(logits(), [0, 1]), ValueError, r"each of 3 classes.*\(2,\)"),
    "bce, weight": (
        lambda: nn.BCELoss(np.ones(3))(leaf([0.5, 0.5]), [0, 1]),
        ValueError,
        r"weight of shape \(3,\).*\(2,\)",
    ),
    "bce, wide weight": (
        lambda: nn.BCELoss(np.ones((3, 2)))(leaf([0.5, 0.5]), [0, 1]),
        ValueError,
        r"\(3, 2\).*\(2,\)",
    ),
    "bce, pos_weight": (
        lambda: nn.BCEWithLogitsLoss(pos_weight=np.ones(3))(leaf(), [0, 1]),
        ValueError,
        r"pos_weight of shape \(3,\).*\(2,\)",
    ),
    "ce, text as weight": (lambda: nn.CrossEntropyLoss("abc")(logits(), [0, 1]), TypeError, "weight.*<U3"),
    "reduction": (lambda: nn.MSELoss(reduction="avg"), ValueError, "'mean', 'sum' or 'none', got 'avg'"),
    "reduction, function": (lambda: functional.mse_loss(leaf(), [1, 2], "max"), ValueError, "got 'max'"),
    "reduction, classes": (
        lambda: functional.cross_entropy(logits(), [1, 2], reduction="max"),
        ValueError,
        "got 'max'",
    ),
    "delta": (lambda: nn.HuberLoss(delta=0), ValueError, "delta is above 0, got 0"),
    "smoothing": (lambda: nn.CrossEntropyLoss(label_smoothing=1.5), ValueError, "from 0 to 1, got 1.5"),
    "dropout": (lambda: nn.Dropout(1.5), ValueError, "Dropout: p is from 0 to 1, got 1.5"),
    "dropout, function": (lambda: functional.dropout(leaf(), -0.1), ValueError, "dropout: p.*-0.1"),
    "dropout, integers": (lambda: nn.Dropout()(ad.tensor([1, 2])), TypeError, "dropout.*int64"),
    "hardtanh": (lambda: nn.Hardtanh(1.0, 1.0), ValueError, "max_val.*min_val=1.0 and max_val=1.0"),
    "gelu": (lambda: nn.GELU("erf"), ValueError, "'none' or 'tanh', got 'erf'"),
    "softmax": (lambda: nn.Softmax()(logits(1, 2, 3)), ValueError, r"softmax: say along which axis.*\(1, 2, 3\).*dim="),
    # layers and modules
    "linear": (
        lambda: nn.Linear(3, 4)(ad.ones((2, 5))),
        ValueError,
        r"Linear\(in_features=3.*takes shape \(..., 3\), got \(2, 5\)",
    ),
    "linear, a number": (lambda: nn.Linear(3, 4)(ad.tensor(1.0)), ValueError, r"got \(\)"),
    "linear, no bias": (lambda: nn.Linear(3, 4, bias=False)(ad.ones(4)), ValueError, r"bias=False.*got \(4,\)"),
    "linear, negative": (lambda: nn.Linear(-1, 2), ValueError, "in_features is at least 0, got -1"),
    "linear, real": (lambda: nn.Linear(1, 2.5), TypeError, "out_features is a whole number, got 2.5"),
    "linear, dtype": (lambda: nn.Linear(1, 2, dtype=int), TypeError, "int64"),
    "rng": (lambda: nn.Linear(1, 2, rng="0"), TypeError, "Generator, a seed or None, got str"),
    "flatten": (lambda: nn.Flatten(2)(ad.ones((2, 3))), ValueError, r"from 2 to -1 in shape \(2, 3\)"),
    "flatten, backwards": (lambda: nn.Flatten(1, 0)(ad.ones((2, 3))), ValueError, "from 1 to 0"),
    "forward": (lambda: nn.ModuleList()(1), NotImplementedError, "ModuleList does not define forward"),
    "train": (lambda: nn.ReLU().train("yes"), ValueError, "True or False, got 'yes'"),
    "sequential": (lambda: nn.Sequential([nn.ReLU()]), TypeError, "Sequential holds modules, got list for '0'"),
    "sequential, index": (lambda: nn.Sequential(nn.ReLU())[1], IndexError, "index 1 is out of range.*1 modules"),
    "sequential, key": (lambda: nn.Sequential(nn.ReLU())["0"], TypeError, "str"),
    "sequential, name": (lambda: nn.Sequential({"forward": nn.ReLU()}), KeyError, "'forward' of its own"),
    "sequential, taken": (lambda: nn.Sequential({"1": nn.ReLU()}).append(nn.ReLU()), KeyError, "already.*'1'"),
    "dict, dot": (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), KeyError, "no dot, got 'a.b'"),
    "dict, number": (lambda: nn.ModuleDict({1: nn.ReLU()}), TypeError, "by strings, got 1"),
    "dict, key": (lambda: nn.ModuleDict()["a"], KeyError, "a"),
    "parameter of integers": (lambda: nn.Parameter(np.arange(3)), TypeError, "int64"),
    "parameter of a result": (lambda: nn.Parameter(leaf() * 2), TypeError, "detach"),
    "parameter, overwritten": (
        lambda: setattr(nn.Linear(1, 1), "weight", ad.ones((1, 1))),
        TypeError,
        r"Linear.weight is a Parameter.*got Tensor.*weight.data",
    ),
    "parameter, updated in the wrong place": (
        lambda: updated(nn.Linear(1, 1)),
        TypeError,
        "bias is a Parameter.*bias.data",
    ),
    "state": (lambda: nn.ReLU().load_state_dict([1]), TypeError, "mapping.*list"),
    "state, a list as value": (
        lambda: nn.Linear(1, 1, bias=False).load_state_dict({"weight": [[1.0]]}),
        KeyError,
        "'weight' needs an array or a Tensor, got list",
    ),
    "state, two values": (
        lambda: tied().load_state_dict({"a": np.ones(1), "b": np.zeros(1)}),
        ValueError,
        "'b' is the same",
    ),
    "state, one name twice": (lambda: ambiguous().state_dict(), ValueError, "the same name 'x.1'"),
    # initial values
    "init, array": (lambda: init.zeros_(np.ones(2)), TypeError, "zeros_ writes a Tensor, got ndarray"),
    "init, integers": (lambda: init.uniform_(ad.tensor([1])), TypeError, "uniform_.*int64"),
    "init, vector": (lambda: init.xavier_uniform_(ad.ones(2)), ValueError, r"2 axes at least, got shape \(2,\)"),
    "init, vector 2": (lambda: init.orthogonal_(ad.ones(2)), ValueError, r"2 axes at least, got shape \(2,\)"),
    "init, eye": (lambda: init.eye_(ad.ones((2, 2, 2))), ValueError, r"2 axes, got shape \(2, 2, 2\)"),
    "init, bounds": (lambda: init.uniform_(ad.ones(2), 1, 0), ValueError, "a=1 and b=0"),
    "init, std": (lambda: init.normal_(ad.ones(2), 0, -1), ValueError, "at least 0, got -1"),
    "init, truncated": (lambda: init.trunc_normal_(ad.ones(2), std=0), ValueError, "std=0"),
    "init, nothing left": (lambda: init.trunc_normal_(ad.ones(2), a=50, b=51), ValueError, "lies from 50 to 51"),
    "init, mode": (lambda: init.kaiming_normal_(logits(), mode="in"), ValueError, "'fan_in' or 'fan_out', got 'in'"),
    "init, gain": (lambda: init.calculate_gain("swish"), ValueError, "'swish'.*leaky_relu"),
    "init, slope": (lambda: init.calculate_gain("leaky_relu", True), ValueError, "slope.*True"),
    # optimizers
    "optim, none": (lambda: SGD([]), ValueError, "SGD got no parameters"),
    "optim, tensor": (lambda: SGD(leaf()), TypeError, "iterable of Tensors.*got Tensor"),
    "optim, module": (lambda: Adam(nn.ReLU()), TypeError, "model.parameters.*got ReLU"),
    "optim, array": (lambda: SGD([np.ones(2)]), TypeError, "optimizes Tensors, got ndarray"),
    "optim, frozen": (
        lambda: SGD([ad.tensor([1.0], name="w")]),
        ValueError,
        r"without requires_grad.*w of shape \(1,\)",
    ),
    "optim, result": (lambda: SGD([leaf() * 2]), ValueError, r"computed cannot be optimized: Tensor of shape \(2,\)"),
    "optim, twice": (lambda: SGD([p := leaf(), p]), ValueError, "given twice"),
    "optim, twice in groups": (lambda: SGD([{"params": [p := leaf()]}, {"params": p}]), ValueError, "given twice"),
    "optim, group": (lambda: SGD([{"param": [leaf()]}]), TypeError, "dict with 'params'"),
    "optim, lr": (lambda: SGD([leaf()], lr=-0.1), ValueError, "lr is at least 0, got -0.1"),
    "optim, lr NaN": (lambda: Adam([leaf()], lr=nan), ValueError, "lr is at least 0, got nan"),
    "optim, lr of a group": (lambda: SGD([{"params": leaf(), "lr": -1}]), ValueError, "lr is at least 0, got -1"),
    "optim, decay": (lambda: SGD([leaf()], weight_decay=-1), ValueError, "weight_decay is at least 0"),
    "optim, momentum": (lambda: SGD([leaf()], momentum=-1), ValueError, "momentum is at least 0"),
    "optim, nesterov": (lambda: SGD([leaf()], nesterov=True), ValueError, "nesterov needs momentum"),
    "optim, betas": (lambda: Adam([leaf()], betas=(0.9, 1.0)), ValueError, r"betas.*\(0.9, 1.0\)"),
    "optim, eps": (lambda: Adam([leaf()], eps=-1e-8), ValueError, "eps is at least 0"),
    "optim, gradient": (
        lambda: stepped_with(ad.ones(1)),
        ValueError,
        r"gradient of Tensor of shape \(2,\) has shape \(1,\)",
    ),
}


def tied():
    module = nn.Module()
    module.a = module.b = nn.Parameter([1.0])
    return module


def updated(layer):
    layer.bias -= 0.1


def ambiguous():
    module = nn.Module()
    module.x = {1: nn.Parameter([1.0]), "1": nn.Parameter([2.0])}
    return module


def stepped_with(gradient):
    p = leaf()
    p.grad = gradient
    SGD([p]).step()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("call", "error", "message"), CASES.values(), ids=CASES.keys())
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_bad_input_to_a_list_changes_nothing():
    box = nn.Sequential(nn.ReLU())
    with pytest.raises(TypeError):
        box.insert(0, "relu")
    assert len(box) == 1
