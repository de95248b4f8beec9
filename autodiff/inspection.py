"""What the namespace can do, as the array API standard asks: `__array_namespace_info__`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff import dtypes as types
from autodiff.tensor import STANDARD_VERSIONS, host

__array_api_version__ = STANDARD_VERSIONS[-1]


class __array_namespace_info__:  # noqa: N801 - the standard's name
    """The capabilities, devices and dtypes of the namespace.

    Examples
    --------
    >>> import autodiff as ad
    >>> info = ad.__array_namespace_info__()
    >>> info.default_dtypes()["real floating"]
    dtype('float64')
    >>> list(info.dtypes(kind="complex floating"))
    ['complex64', 'complex128']
    """

    def capabilities(self) -> dict[str, bool | int | None]:
        """What works: masks as indices, shapes that depend on values; and how many axes there may be."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Where new tensors are."""
        return "cpu"

    def devices(self) -> tuple[str, ...]:
        """The devices there are."""
        return ("cpu",)

    def default_dtypes(self, *, device: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes of new tensors whose dtype nobody said."""
        host(device)
        return {
            "real floating": np.dtype(np.float64),
            "complex floating": np.dtype(np.complex128),
            "integral": np.dtype(np.int_),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes there are, by their names; of a kind that `autodiff.isdtype` knows, or of several."""
        host(device)
        return {name: dtype for name, dtype in types.STANDARD.items() if kind is None or types.isdtype(dtype, kind)}
