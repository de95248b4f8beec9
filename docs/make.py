"""Make the pages and pictures of docs that the project draws and writes itself: ``python docs/make.py [FOLDER]``."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"


def make(folder):
    """Let the examples that explain themselves write their lessons."""
    lessons = folder / "lessons"
    lessons.mkdir(parents=True, exist_ok=True)
    for example in sorted(EXAMPLES.glob("explain_*.py")):
        subprocess.run([sys.executable, example, lessons], check=True, stdout=subprocess.DEVNULL)
    for document in lessons.glob("*.tex"):  # for who wants to print them: the examples write them
        document.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
