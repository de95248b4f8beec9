"""`check_grads`, `check_vjp`, `check_jvp`: is a gradient right, wrong, or can it not be told?"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from autodiff.testing.claims import Arguments, Claim, derivative_of, of_callables, of_tensors, shaped
from autodiff.testing.conduct import misadded, misconduct, repeats
from autodiff.testing.culprit import culprit, kinks
from autodiff.testing.evidence import explained, misshapen
from autodiff.testing.examination import Examination, Tally
from autodiff.testing.products import differentiated
from autodiff.testing.programs import Program
from autodiff.testing.report import GradientError, InconclusiveWarning, Mistake, Report

#: An argument of up to so many numbers is moved along each of them.
EACH = 24


def check_grads(
    function: Callable[..., Any],
    *args: Any,
    order: int = 2,
    modes: Sequence[str] = ("reverse", "forward"),
    each: int = EACH,
    seed: int = 0,
    raises: bool = True,
) -> Report:
    r"""Check the gradients of a function of Tensors against derivatives that do not use them.

    Layers, the strongest first: :math:`\langle g, J v \rangle = \langle J^\top g, v \rangle` and linearity, which need
    no step size; complex steps, where the function takes complex numbers; extrapolated differences with an estimate of
    their error; slopes from both sides at kinks, between which a gradient has to lie.  What is allowed to be off
    follows from those errors and from roundings, and is a part of what is compared: tiny gradients count like others.
    It is checked, too, that shapes and dtypes fit, that nothing is changed or shared, that gradients are the same when
    asked for twice and add up where a Tensor is used twice, and that the second derivative is symmetric.

    Parameters
    ----------
    function : callable
        Of the arguments; their floating-point numbers, also in dicts, lists and tuples, are given to it as Tensors.
    *args : numbers, arrays, Tensors, or dicts, lists and tuples of them
        Where.  Single precision is compared with differences in double precision, if the function computes in it.
    order : int
        Up to which derivative.
    modes : sequence of {"reverse", "forward"}
    each : int
        An argument of up to so many numbers is moved along each of them, larger ones in random directions.
    seed : int
        Of the directions.
    raises : bool
        Raise or warn; else the report alone tells.

    Returns
    -------
    Report
        With its `verdict`: "right", "wrong" or "inconclusive".

    Raises
    ------
    GradientError
        An AssertionError, if a gradient is wrong, with a diagnosis.
    TypeError
        If there is nothing to be differentiated.

    Warns
    -----
    InconclusiveWarning
        If it could not be told.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> check_grads(lambda x: ad.sum(ad.exp(x) * x), np.array([0.5, -1.0])).verdict
    'right'
    >>> cube = ad.elementwise(lambda x: x * x * x, lambda y, x: 2 * x * x, name="cube")
    >>> check_grads(cube, np.array([1.0, 2.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    autodiff.testing.report.GradientError: check_grads(cube): wrong
      reverse mode, argument 0 (x)[0]
          claimed    ...
          numerical  ...
          guess      a constant factor: it is 0.666667 (2/3) times the right one
    ...
    """
    if not modes or set(modes) - {"reverse", "forward"}:
        raise ValueError(f"modes are 'reverse', 'forward' or both, got {modes!r}")
    given = Arguments(args, _names(function))
    options = "".join(f", {k}={v!r}" for k, v in {"order": order, "modes": modes}.items() if v != _DEFAULTS[k])
    report = _report("check_grads", (function,), args, options)
    report.search = lambda: culprit(function, given, _mistakes_of)
    rng = np.random.default_rng(seed)
    of = function
    for k in range(1, order + 1):
        claim = of_tensors(of, given, modes, analytic=k == 1)
        exam = _examine(claim, report, rng, each if k == 1 else 0, k)
        if k == 1 and claim.pull_at is not None and (found := misadded(function, given, rng)):
            report.witnesses.append(partial(list, found))
        if exam is None or report.witnesses:
            break
        if k == 1 < order and len(set(modes)) == 2:
            exam.tally = Tally()
            differentiated(exam, function, given)
            _enter(exam, report, "order 2, ")
        gs = shaped(exam.gradient(), exam.ys) if "reverse" in modes else None
        of = derivative_of(of, given, gs, shaped(exam.direction(), claim.xs))
    if report.witnesses and (at := kinks(function, given)) and report.culprit is None:
        report.witnesses.clear()
        report.reasons[f"{', '.join(at)} at a kink, where the derivative is a convention"] = report.comparisons
        report.conclusive = 0
    return _concluded(report, raises)


def check_vjp(
    function: Callable[..., Any],
    vjp: Callable[..., Any],
    *args: Any,
    each: int = EACH,
    seed: int = 0,
    raises: bool = True,
) -> Report:
    r"""Check a product :math:`g \mapsto J^\top g` that was written by hand, or comes from anywhere.

    Parameters
    ----------
    function : callable
        Of NumPy arrays or numbers, returning an array, or a dict, list or tuple of them.
    vjp : callable
        ``vjp(g, *args)``: the gradient of the argument, or a tuple with one for each of several arguments, given the
        gradient g of the result, nested as that is.  None for an argument without a gradient.  The gradient of a
        complex number z is :math:`\partial L / \partial \mathrm{Re}\, z + i \, \partial L / \partial \mathrm{Im}\, z`.
    *args
        Where.

    Other parameters, results and errors are those of `check_grads`.

    Examples
    --------
    >>> import numpy as np
    >>> def normalized(x):
    ...     return x / np.sum(x)
    >>> def gradient(g, x):
    ...     return g / np.sum(x) - np.sum(g * x) / np.sum(x) ** 2
    >>> check_vjp(normalized, gradient, np.array([1.0, 2.0, 4.0])).verdict
    'right'
    """
    given = Arguments(args, _names(function))
    report = _report("check_vjp", (function, vjp), args)
    _examine(of_callables(function, given, vjp_rule=vjp), report, np.random.default_rng(seed), each)
    return _concluded(report, raises)


def check_jvp(
    function: Callable[..., Any],
    jvp: Callable[..., Any],
    *args: Any,
    each: int = EACH,
    seed: int = 0,
    raises: bool = True,
) -> Report:
    r"""Check a product :math:`v \mapsto J v` that was written by hand, or comes from anywhere.

    Parameters
    ----------
    function : callable
        Of NumPy arrays or numbers, returning an array, or a dict, list or tuple of them.
    jvp : callable
        ``jvp(v, *args)``: how the result moves where the argument moves by v; of several arguments, v is a tuple.
    *args
        Where.

    Other parameters, results and errors are those of `check_grads`.

    Examples
    --------
    >>> import numpy as np
    >>> check_jvp(np.sin, lambda v, x: v * np.cos(x), 0.5).verdict
    'right'
    """
    given = Arguments(args, _names(function))
    report = _report("check_jvp", (function, jvp), args)
    _examine(of_callables(function, given, jvp_rule=jvp), report, np.random.default_rng(seed), each)
    return _concluded(report, raises)


_DEFAULTS = {name: p.default for name, p in inspect.signature(check_grads).parameters.items()}


# Parts of a check


def _names(function: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _called(function: Callable[..., Any], otherwise: str = "f") -> str:
    name = getattr(function, "__name__", None) or getattr(function, "name", None) or type(function).__name__.lower()
    return name if name.isidentifier() else otherwise


def _source(function: Callable[..., Any], name: str) -> str:
    """Code that makes a function, or says which it is."""
    if isinstance(function, Program):
        return function.definition(name)
    module = getattr(function, "__module__", None)
    found = getattr(sys.modules.get(module or ""), name, None)
    if found is function and module not in ("__main__", "builtins"):
        return f"from {module} import {name}"
    return f"# {name}: the function that was checked"


def _report(check: str, functions: Sequence[Callable[..., Any]], args: Sequence[Any], options: str = "") -> Report:
    roles = ("f", check.removeprefix("check_"))
    names = [_called(function, role) for function, role in zip(functions, roles, strict=False)]
    call = f"{check}({', '.join(names)}, {{}}{options})"
    return Report(f"{check}({names[0]})", args, call, "\n".join(map(_source, functions, names)))


def _concluded(report: Report, raises: bool) -> Report:
    if raises and report.verdict == "wrong":
        raise GradientError(report)
    if raises and report.verdict == "inconclusive":
        warnings.warn(str(report), InconclusiveWarning, stacklevel=3)
    return report


@np.errstate(all="ignore")
def _examine(claim: Claim, report: Report, rng: np.random.Generator, each: int, order: int = 1) -> Examination | None:
    """Check one claim, and enter what came out in the report; None if no more can be told."""
    prefix = f"order {order}, " if order > 1 else ""
    exam = Examination(claim, rng)
    if not exam.ys:
        raise TypeError("the function gives no floating-point numbers, which alone have a derivative")
    if not repeats(claim, exam.ys):
        report.reasons["the function gives something else each time"] = 1
        return None
    if not np.all(np.isfinite(exam.y)):
        report.reasons["the function is not finite at the point"] = 1
        return None
    if found := misshapen(exam):
        report.witnesses.append(lambda: found)
        return None
    if found := misconduct(claim, shaped(exam.gradient(), exam.ys)):
        report.witnesses.append(lambda: [replace(mistake, what=prefix + mistake.what) for mistake in found])
    directions = list(exam.directions(each))
    slopes = exam.slopes(directions)
    if claim.pull_at is not None:
        exam.reverse(directions, slopes, each)
        exam.additive("J^T g is not linear in g", exam.pull, np.ones(len(exam.y)), claim.xs)
    if claim.push_at is not None:
        exam.forward(directions, slopes)
        exam.additive("J v is not linear in v", exam.push, exam.scale, exam.ys)
    if claim.push_at is not None and claim.pull_at is not None:
        exam.transposed()
        if order == 2:
            exam.symmetric()
    _enter(exam, report, prefix)
    return exam


def _mistakes_of(claim: Claim) -> list[Mistake]:
    report = Report("")
    _examine(claim, report, np.random.default_rng(0), EACH)
    return report.mistakes


def _enter(exam: Examination, report: Report, prefix: str) -> None:
    tally = exam.tally
    report.comparisons += tally.comparisons
    report.conclusive += tally.conclusive
    report.kinks += tally.kinks
    report.reasons += tally.reasons
    if tally.wrong:
        report.witnesses.append(lambda: explained(exam, tally.wrong, prefix))
