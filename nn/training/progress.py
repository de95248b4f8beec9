"""What a training shows of itself while it runs: a bar in terminals and notebooks, lines in logs."""

from __future__ import annotations

import sys
import time
from typing import Any

#: How many seconds lie between two numbers beside a bar, and between two lines of a log, at least.
_PAUSE, _LINES = 0.2, 5.0


class Progress:
    """Shows how far a training is.

    Parameters
    ----------
    epochs : int
    steps : int or None
        How many batches an epoch has, if that is known.
    done : int
        How many epochs there were before.
    """

    def __init__(self, epochs: int, steps: int | None, done: int) -> None:
        self.epochs = epochs
        self.total = steps and steps * epochs
        self.bar: Any = None
        self._after = time.monotonic()
        if sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            from tqdm.auto import tqdm

            self.bar = tqdm(total=self.total, initial=(steps or 0) * done, unit="batch", desc=self._title(done + 1))

    def _title(self, epoch: int) -> str:
        return f"epoch {min(epoch, self.epochs)}/{self.epochs}"

    def step(self, loss: float) -> None:
        """A batch was learned from."""
        if self.bar is None:
            return
        if (now := time.monotonic()) >= self._after:
            self._after = now + _PAUSE
            self.bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
        self.bar.update()

    def epoch(self, row: dict[str, float]) -> None:
        """An epoch is over."""
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in row.items() if name != "epoch")
        epoch = int(row["epoch"])
        if self.bar is not None:
            self.bar.set_description_str(self._title(epoch + 1), refresh=False)
            self.bar.set_postfix_str(numbers)
            self._after = time.monotonic() + 5 * _PAUSE
        elif sys.stderr is not None and ((now := time.monotonic()) >= self._after or epoch == self.epochs):
            self._after = now + _LINES
            print(f"{self._title(epoch)}: {numbers}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Show no more."""
        if self.bar is not None:
            self.bar.close()
