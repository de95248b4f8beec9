"""One step of a gated recurrent layer, in few operations: small ones take longer to record than to compute.

Gates lie side by side on the last axis, in PyTorch's order.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

import autodiff as ad

#: The derivatives of the gates' functions by their results, as the table has them.
_sigmoid_slope: Any = ad.sigmoid.rules[0]
_tanh_slope: Any = ad.tanh.rules[0]


@cache
def _cuts(length: int, shares: tuple[int, ...]) -> tuple[Any, ...]:
    """The indices of so many shares, one after the other, of the last axis."""
    unit = length // sum(shares)
    return tuple((..., slice(start * unit, end * unit)) for start, end in pairwise(accumulate(shares, initial=0)))


def _parts(x: Any, *shares: int) -> list[Any]:
    """The last axis cut into shares of its length."""
    return [x[cut] for cut in _cuts(x.shape[-1], shares)]


def _side_by_side(*parts: Any) -> Any:
    return np.concatenate(parts, axis=-1)


# LSTM


def _lstm_gates(z: Any) -> Any:
    i_f, g, o = _parts(z, 2, 1, 1)
    return _side_by_side(ad.sigmoid.on(i_f), np.tanh(g), ad.sigmoid.on(o))


def _lstm_gates_pull(g: Any, y: Any, z: Any) -> Any:
    i_f, u, o = _parts(y, 2, 1, 1)
    return g * _side_by_side(_sigmoid_slope(i_f, None), _tanh_slope(u, None), _sigmoid_slope(o, None))


#: The gates i, f, g, o of what goes into them: sigma, sigma, tanh, sigma.
lstm_gates = ad.primitive(
    _lstm_gates,
    _lstm_gates_pull,
    push=lambda dxs, y, z: _lstm_gates_pull(dxs[0], y, z),
    name="lstm_gates",
    tex=r"(\sigma, \sigma, \tanh, \sigma)(#1)",
)


def _lstm_cell(gates: Any, c: Any) -> Any:
    i, f, g, _ = _parts(gates, 1, 1, 1, 1)
    return f * c + i * g


def _lstm_cell_pull(g: Any, y: Any, gates: Any, c: Any) -> Any:
    i, _, u, _ = _parts(gates, 1, 1, 1, 1)
    return _side_by_side(g * u, g * c, g * i, np.zeros_like(g))


#: The next c of an LSTM, of its gates and the last c: f c + i g.
lstm_cell = ad.primitive(
    _lstm_cell,
    _lstm_cell_pull,
    lambda g, y, gates, c: g * _parts(gates, 1, 1, 2)[1],
    name="lstm_cell",
    tex=r"f \odot #2 + i \odot g, \; (i, f, g, o) = #1",
)


def _lstm_hidden_pull(g: Any, y: Any, gates: Any, c: Any) -> Any:
    return _side_by_side(np.zeros_like(_parts(gates, 3, 1)[0]), g * np.tanh(c))


#: The next h of an LSTM, of its gates and the new c: o tanh c.
lstm_hidden = ad.primitive(
    lambda gates, c: _parts(gates, 3, 1)[1] * np.tanh(c),
    _lstm_hidden_pull,
    lambda g, y, gates, c: g * _parts(gates, 3, 1)[1] * _tanh_slope(np.tanh(c), None),
    name="lstm_hidden",
    tex=r"o \odot \tanh #2, \; (i, f, g, o) = #1",
)


# GRU


def _gru_gates(x: Any, s: Any) -> Any:
    x_rz, x_n = _parts(x, 2, 1)
    s_rz, s_n = _parts(s, 2, 1)
    rz = ad.sigmoid.on(x_rz + s_rz)
    return _side_by_side(rz, np.tanh(x_n + _parts(rz, 1, 1)[0] * s_n))


def _gru_gates_back(g: Any, y: Any, s: Any) -> tuple[Any, Any, Any]:
    """The gradients of what goes into the gates r, z and n of a GRU."""
    r, z, n = _parts(y, 1, 1, 1)
    dr, dz, dn = _parts(g, 1, 1, 1)
    dn = dn * _tanh_slope(n, None)
    dr = dr + dn * _parts(s, 2, 1)[1]
    return dr * _sigmoid_slope(r, None), dz * _sigmoid_slope(z, None), dn


def _gru_gates_pull_state(g: Any, y: Any, x: Any, s: Any) -> Any:
    dr, dz, dn = _gru_gates_back(g, y, s)
    return _side_by_side(dr, dz, dn * _parts(y, 1, 2)[0])


#: The gates r, z, n of what x and the last h put into them: sigma(x + s), sigma(x + s), tanh(x + r s).
gru_gates = ad.primitive(
    _gru_gates,
    lambda g, y, x, s: _side_by_side(*_gru_gates_back(g, y, s)),
    _gru_gates_pull_state,
    name="gru_gates",
    tex=r"(\sigma, \sigma, \tanh)(#1 + (1, 1, r) \odot #2)",
)


def _gru_cell(gates: Any, h: Any) -> Any:
    _, z, n = _parts(gates, 1, 1, 1)
    return n + z * (h - n)


def _gru_cell_pull(g: Any, y: Any, gates: Any, h: Any) -> Any:
    r, z, n = _parts(gates, 1, 1, 1)
    return _side_by_side(np.zeros_like(r), g * (h - n), g * (1 - z))


#: The next h of a GRU, of its gates and the last h: (1 - z) n + z h.
gru_cell = ad.primitive(
    _gru_cell,
    _gru_cell_pull,
    lambda g, y, gates, h: g * _parts(gates, 1, 1, 1)[1],
    name="gru_cell",
    tex=r"n + z \odot (#2 - n), \; (r, z, n) = #1",
)
