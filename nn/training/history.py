"""History: what a training gave, epoch by epoch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, Self


class History:
    """A table with a row for each epoch: its number, the loss, metrics, the learning rate.

    It prints as that table.

    Parameters
    ----------
    rows : iterable of dict, optional
        Numbers by name.

    Attributes
    ----------
    rows : list of dict
    stopped : str or None
        Why the training ended before its last epoch, if it did.

    Examples
    --------
    >>> import nn
    >>> history = nn.History([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "val_loss": 0.75}])
    >>> print(history)
    epoch  loss  val_loss
        1   0.5
        2  0.25      0.75
    >>> history["loss"]
    [0.5, 0.25]
    """

    def __init__(self, rows: Any = ()) -> None:
        self.rows: list[dict[str, float]] = [dict(row) for row in rows]
        self.stopped: str | None = None

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def __len__(self) -> int:
        """The number of epochs."""
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, float]]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> list[float]:
        """A column, without the epochs that do not have it."""
        if name not in self.names:
            raise KeyError(f"the history has no column {name!r}, it has {self.names}")
        return [row[name] for row in self.rows if name in row]

    def best(self, name: str = "val_loss", mode: str = "min") -> dict[str, float]:
        """The row in which a column is lowest, or (mode "max") highest; NaN never is."""
        self[name]
        sign = direction(mode)
        rows = [row for row in self.rows if not math.isnan(row.get(name, math.nan))]
        if not rows:
            raise ValueError(f"the column {name!r} has no numbers")
        return min(rows, key=lambda row: sign * row[name])

    # Printed

    def __str__(self) -> str:
        names = self.names
        cells = [names, *([_shown(row.get(name)) for name in names] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(cell.rjust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join([*lines, *([f"stopped: {self.stopped}"] if self.stopped else [])])

    def __repr__(self) -> str:
        return str(self) if self.rows else "History()"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in self.names)
        body = (
            "<tr>" + "".join(f"<td>{_shown(row.get(name))}</td>" for name in self.names) + "</tr>" for row in self.rows
        )
        return f"<table><tr>{head}</tr>{''.join(body)}</table>"

    # Kept

    def state_dict(self) -> dict[str, Any]:
        """All that it holds, as plain data."""
        return {"rows": [dict(row) for row in self.rows], "stopped": self.stopped}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Hold what `state_dict` gave."""
        rows = [_row(row) for row in state["rows"]]
        stopped = state["stopped"]
        if not (stopped is None or isinstance(stopped, str)):
            raise TypeError(f"a reason to stop is text or None, got {stopped!r}")
        self.rows, self.stopped = rows, stopped

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        r"""The table as CSV, written to a file if a path is given.

        Examples
        --------
        >>> import nn
        >>> nn.History([{"epoch": 1, "loss": 0.5}]).to_csv()
        'epoch,loss\n1,0.5\n'
        """
        names = self.names
        rows = [[str(row.get(name, "")) for name in names] for row in self.rows]
        return _kept("".join(",".join(_quoted(cell) for cell in row) + "\n" for row in [names, *rows]), path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """The table as JSON, written to a file if a path is given; what is not finite is text there.

        Examples
        --------
        >>> import nn
        >>> nn.History([{"epoch": 1, "loss": 0.5}]).to_json()
        '{"rows": [{"epoch": 1, "loss": 0.5}], "stopped": null}'
        """
        import json

        rows = [{k: v if math.isfinite(v) else str(v) for k, v in row.items()} for row in self.rows]
        return _kept(json.dumps({"rows": rows, "stopped": self.stopped}), path)

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> Self:
        """What `to_json` wrote."""
        import json
        from pathlib import Path

        history = cls()
        try:
            state = json.loads(Path(path).read_text(encoding="utf-8"))
            rows = [{k: float(v) if isinstance(v, str) else v for k, v in row.items()} for row in state["rows"]]
            history.load_state_dict({**state, "rows": rows})
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise ValueError(f"{path}: not a history that to_json wrote: {error}") from error
        return history

    # Drawn

    def plot(self, *names: str, ax: Any = None) -> Any:
        """Draw columns over the epochs, with Matplotlib (``pip install 'autodiff-nn[plot]'``).

        Parameters
        ----------
        *names : str
            The columns; left out, all those of losses.
        ax : matplotlib Axes, optional
            Where to; left out, a new figure.

        Returns
        -------
        The Axes; ``.figure.savefig(path)`` writes a file.
        """
        columns = names or tuple(name for name in self.names if name.endswith("loss"))
        if ax is None:
            try:
                from matplotlib import pyplot
            except ImportError as error:
                raise ImportError("History.plot needs Matplotlib: pip install 'autodiff-nn[plot]'") from error
            ax = pyplot.subplots()[1]
        for name in columns:
            ax.plot([row["epoch"] for row in self.rows if name in row], self[name], label=name)
        ax.set_xlabel("epoch")
        ax.legend()
        return ax


def direction(mode: str) -> int:
    """1 if lower is better, -1 if higher is."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode is 'min' or 'max', got {mode!r}")
    return 1 if mode == "min" else -1


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)


def _row(row: Any) -> dict[str, float]:
    for name, value in row.items():
        if not isinstance(name, str) or not isinstance(value, (int, float)):
            raise TypeError(f"a row has numbers by name, got {name!r}: {value!r}")
    return dict(row)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\n\r') else cell


def _kept(text: str, path: str | os.PathLike[str] | None) -> str:
    if path is not None:
        from pathlib import Path

        Path(path).write_text(text, encoding="utf-8")
    return text
