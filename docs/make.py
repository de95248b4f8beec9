"""Make the pages and pictures of docs that the project draws and writes itself: ``python docs/make.py [FOLDER]``."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


#: Of the pages, the one that holds most; the examples write the others, and the documents for LaTeX.
PAGE = "backpropagation_3_4_1.html"


def make(folder):
    """Let the examples that explain themselves write their lessons."""
    lessons = folder / "lessons"
    lessons.mkdir(parents=True, exist_ok=True)
    for example in sorted(EXAMPLES.glob("explain_*.py")):
        subprocess.run([sys.executable, example, lessons], check=True, stdout=subprocess.DEVNULL)
    for written in lessons.iterdir():
        if written.suffix != ".md" and written.name != PAGE:
            written.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
