r"""The project's LaTeX as plain text: ``\frac{x}{1 + e^{-x}}`` as ``x / (1 + e⁻ˣ)``.

What is read is what :mod:`autodiff.formulas.latex` and the rows' `tex` write, not all of LaTeX.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\s+|[\d.]+|.")

_SIGNS = {
    **{"odot": "⊙", "cdot": "·", "times": "×", "otimes": "⊗", "oplus": "⊕", "star": "⋆", "pm": "±", "mid": "|"},
    **{"le": "≤", "ge": "≥", "ne": "≠", "ll": "≪", "gg": "≫", "approx": "≈", "in": "∈", "iff": "⟺", "equiv": "≡"},
    **{"land": "∧", "lor": "∨", "lnot": "¬", "setminus": "∖", "leftarrow": "←", "to": "→", "bmod": "mod"},
    **{"sum": "∑", "prod": "∏", "int": "∫", "partial": "∂", "nabla": "∇", "infty": "∞", "top": "T", "colon": ":"},
    **{"vert": "|", "Vert": "‖", "dots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱"},
    **{"ell": "ℓ", "prime": "′", "varepsilon": "ε", "epsilon": "ε"},
}
#: Brackets, which have no space inside.
_BRACKETS = {
    **{"lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖", "lfloor": "⌊", "rfloor": "⌋"},
    **{"lceil": "⌈", "rceil": "⌉", "langle": "⟨", "rangle": "⟩", "left": "", "right": ""},
}
_GREEK = {
    name: unicodedata.lookup(f"GREEK {size} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")
    for size in ("SMALL", "CAPITAL")
    for base in (
        *("alpha", "beta", "gamma", "delta", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi"),
        *("pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
    )
    for name in [base if size == "SMALL" else base.capitalize()]
}
_BLANK = {",": " ", ";": " ", " ": " ", "!": "", "quad": "  ", "qquad": "    "}
#: Commands that only say how their group looks.
_LOOKS = {"text", "mathrm", "mathit", "mathbf", "boldsymbol", "mathsf", "mathop", "mathbin", "operatorname"}
_ACCENTS = {"hat": "\u0302", "bar": "\u0304", "overline": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
_LETTERLIKE = {"mathbb": {"R": "ℝ", "C": "ℂ", "N": "ℕ", "Z": "ℤ", "E": "𝔼"}, "mathcal": {}}
_UP = str.maketrans(
    "0123456789+-=()aAbBcdDeEfgGhHiIjJkKlLmMnNoOpPrRstTuUvVwWxyz−",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᴬᵇᴮᶜᵈᴰᵉᴱᶠᵍᴳʰᴴⁱᴵʲᴶᵏᴷˡᴸᵐᴹⁿᴺᵒᴼᵖᴾʳᴿˢᵗᵀᵘᵁᵛⱽʷᵂˣʸᶻ⁻",
)
_DOWN = str.maketrans("0123456789+-=()aehijklmnoprstuvxβγρφχ−", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ₋")
#: What does not join what stands beside it: no parentheses are needed around a fraction before it, or after it.
_LOOSE = set("+-−=<>≤≥≠≈,;:∈∧∨←→&\n")
_BEFORE = _LOOSE | set(")]}")
_AFTER = _LOOSE | set("([{")


@cache
def plain(tex: str) -> str:
    r"""A formula in one line of Unicode text.

    Examples
    --------
    >>> print(plain(r"\frac{\partial C}{\partial w_{jk}^{(2)}} = a_k^{(1)} \odot \sigma'(z)"))
    ∂C/∂wⱼₖ⁽²⁾ = aₖ⁽¹⁾ ⊙ σ'(z)
    >>> print(plain(r"\begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}"))
    {x if x > 0; 0 otherwise}
    """
    text = _joined(_Reader(_TOKEN.findall(tex)).formula())
    return unicodedata.normalize("NFC", " ".join(text.split()))


#: Stands in front of a bracket that closes, and takes the space before it away.
_CLOSE = "\v"
#: Stands in front of words, which are not raised or lowered letter by letter.
_WORDS = "\a"


def _joined(text: str) -> str:
    """Text without the spaces that only ended a command's name."""
    return re.sub(rf"\s*{_CLOSE}", "", text).replace("∂ ", "∂").replace(_WORDS, "")


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens[::-1]

    def formula(self, end: str = "") -> str:
        """Everything up to `end`."""
        out = ""
        fraction = ""  # one that was just read: what comes next says whether it needs parentheses
        while self._tokens and self._tokens[-1] != end:
            token = self._tokens[-1]
            is_fraction = token in (r"\frac", r"\tfrac")
            piece = self._piece(out)
            if fraction and piece.strip() and piece.lstrip()[0] not in _BEFORE:
                out = out[: len(out.rstrip()) - len(fraction)] + f"({fraction})" + " " * (token not in ("^", "_"))
            if piece.strip():
                fraction = ""
            if is_fraction:
                joined = out.rstrip()
                if joined and joined[-1] not in _AFTER:
                    piece = f"({piece})"
                else:
                    fraction = piece
            out += piece
        if end:
            self._tokens.pop()
        return out

    def _piece(self, before: str) -> str:
        token = self._tokens.pop()
        if token == "{":
            return self.formula("}")
        if token == "^":
            return self._raised(self._group(), _UP, "^", before)
        if token == "_":
            return self._raised(self._group(), _DOWN, "_", before)
        if token == "-":
            return "−"
        if token == "~":
            return " "
        if not token.startswith("\\"):
            return token
        return self._command(token[1:], before)

    def _command(self, name: str, before: str) -> str:
        if name in ("frac", "tfrac"):
            above, below = self._group(), self._group()
            return f"{_held(above)}/{_held(below, under=True)}"
        if name == "sqrt":
            root = ""
            if self._tokens and self._tokens[-1] == "[":
                self._tokens.pop()
                root = self.formula("]").strip().translate(_UP)
            return f"{root}√{_held(self._group())}"
        if name in _LOOKS:
            return self._named(self._group(), name, before)
        if name in _ACCENTS:
            inside = self._group().strip()
            return inside + _ACCENTS[name] if len(inside) == 1 else f"conj({inside})"
        if name in _LETTERLIKE:
            inside = self._group().strip()
            return _LETTERLIKE[name].get(inside, inside)
        if name == "begin":
            return self._environment(self._group().strip())
        if name in _BRACKETS:
            return self._bracket(name)
        if name in _BLANK:
            return _BLANK[name]
        if name in _SIGNS or name in _GREEK:
            return _SIGNS.get(name) or _GREEK[name]
        if len(name) == 1 and not name.isalpha():  # an escaped sign
            return {"|": "‖", "\\": "\n"}.get(name, name)
        return self._named(name, "operatorname", before)

    def _bracket(self, name: str) -> str:
        bracket = _BRACKETS[name] or self._piece("").strip().replace(".", "")
        if name.startswith("r"):
            return _CLOSE + bracket
        while self._tokens and self._tokens[-1].isspace():
            self._tokens.pop()
        return bracket

    def _named(self, word: str, kind: str, before: str) -> str:
        """A word: a function stands apart from what is before and after it."""
        if kind == "text":
            return _WORDS + word
        if kind in ("mathrm", "mathit", "mathbf", "boldsymbol", "mathsf"):
            return word
        apart = before[-1:].isalnum() or before[-1:] in (")", "]")
        closed = not self._tokens or self._tokens[-1][:1] in ("(", "_", "^", " ", "'")
        return f"{' ' * apart}{word}{' ' * (not closed)}"

    def _group(self) -> str:
        """What a command or a script is about: a group, or one token."""
        while self._tokens and self._tokens[-1].isspace():
            self._tokens.pop()
        if not self._tokens:
            return ""
        if self._tokens[-1][0].isdigit() and len(self._tokens[-1]) > 1:  # \tfrac12
            number = self._tokens.pop()
            self._tokens.append(number[1:])
            return number[0]
        return self._piece("")

    @staticmethod
    def _raised(text: str, alphabet: dict[int, int], sign: str, before: str) -> str:
        text = text.strip()
        short = text.replace(" ", "") if all(c in " +-−=" or c.isalnum() or c in "()," for c in text) else text
        if short and all(ord(c) in alphabet for c in short):
            return short.translate(alphabet)
        if text.startswith("[") and sign == "_":
            return text
        return f"{sign}{text}" if len(text) == 1 else f"{sign}({text})"

    def _environment(self, kind: str) -> str:
        if kind == "array":
            self._group()
        body = self.formula(r"\end")
        self._group()
        rows = [[cell.strip() for cell in row.split("&")] for row in body.split("\n")]
        rows = [row for row in rows if any(row)]
        if kind == "cases":
            return "{" + "; ".join(_case(*row) for row in rows) + "}"
        if "matrix" in kind:
            return "[" + "; ".join(" ".join(row) for row in rows) + "]"
        return "; ".join(" ".join(row) for row in rows)


def _case(value: str, condition: str = "") -> str:
    condition = condition.lstrip(_WORDS)
    return f"{value} {condition}" if condition in ("", "otherwise") else f"{value} if {condition}"


def _held(text: str, under: bool = False) -> str:
    """A part of a fraction, or under a root, in parentheses if it is made of several."""
    text = _joined(text).strip()
    single = not any(c in " +/" or (c in "-−·" and (i or under)) for i, c in enumerate(text)) or _enclosed(text)
    return text if single else f"({text})"


def _enclosed(text: str) -> bool:
    """Whether one pair of parentheses, perhaps with a name in front, is around all of it."""
    head, bracket, _ = text.partition("(")
    if not bracket or not text.endswith(")") or any(c in " +-−/·" for c in head):
        return False
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if not depth and c == ")" and i < len(text) - 1:
            return False
    return True
