"""Code in the guides that has no prompt, and so is no doctest: it runs, where what it imports is installed."""

import re
from pathlib import Path

import pytest

GUIDES = Path(__file__).parent.parent / "docs"
BLOCKS = {
    f"{page.stem}, {', '.join(modules)}": (code, modules)
    for page in sorted(GUIDES.glob("*.md"))
    for code in re.findall(r"```python\n(?!>>>)(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    if (modules := re.findall(r"^import (\w+)", code, re.MULTILINE))
}


@pytest.mark.parametrize(("code", "modules"), BLOCKS.values(), ids=BLOCKS.keys())
def test_block(code, modules):
    for module in modules:
        pytest.importorskip(module)
    exec(code, {})
