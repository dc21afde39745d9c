"""Names of symbols: the canonical label of each, and how LaTeX, MathML and people's files write it.

A canonical label is one character (``x``, ``+``, ``<``, ``,``) or one LaTeX command (``\\alpha``, ``\\sin``, ``\\{``).
"""

# ruff: noqa: RUF001 -- look-alike characters are the subject here

from __future__ import annotations

import unicodedata

from inkmath.layout.quoting import quoted
from inkmath.layout.tree import LayoutError

# Command -> the character that Presentation MathML shows for it.
CHARACTERS: dict[str, str] = {
    "\\alpha": "α",
    "\\beta": "β",
    "\\gamma": "γ",
    "\\delta": "δ",
    "\\epsilon": "ϵ",
    "\\varepsilon": "ε",
    "\\zeta": "ζ",
    "\\eta": "η",
    "\\theta": "θ",
    "\\vartheta": "ϑ",
    "\\iota": "ι",
    "\\kappa": "κ",
    "\\lambda": "λ",
    "\\mu": "μ",
    "\\nu": "ν",
    "\\xi": "ξ",
    "\\pi": "π",
    "\\varpi": "ϖ",
    "\\rho": "ρ",
    "\\varrho": "ϱ",
    "\\sigma": "σ",
    "\\varsigma": "ς",
    "\\tau": "τ",
    "\\upsilon": "υ",
    "\\phi": "ϕ",
    "\\varphi": "φ",
    "\\chi": "χ",
    "\\psi": "ψ",
    "\\omega": "ω",
    "\\Gamma": "Γ",
    "\\Delta": "Δ",
    "\\Theta": "Θ",
    "\\Lambda": "Λ",
    "\\Xi": "Ξ",
    "\\Pi": "Π",
    "\\Sigma": "Σ",
    "\\Upsilon": "Υ",
    "\\Phi": "Φ",
    "\\Psi": "Ψ",
    "\\Omega": "Ω",
    "\\sum": "∑",
    "\\prod": "∏",
    "\\coprod": "∐",
    "\\int": "∫",
    "\\iint": "∬",
    "\\iiint": "∭",
    "\\oint": "∮",
    "\\bigcap": "⋂",
    "\\bigcup": "⋃",
    "\\bigvee": "⋁",
    "\\bigwedge": "⋀",
    "\\bigoplus": "⨁",
    "\\bigotimes": "⨂",
    "\\bigodot": "⨀",
    "\\bigcirc": "◯",
    "\\times": "×",
    "\\div": "÷",
    "\\pm": "±",
    "\\mp": "∓",
    "\\cdot": "⋅",
    "\\circ": "∘",
    "\\bullet": "∙",
    "\\ast": "∗",
    "\\star": "⋆",
    "\\oplus": "⊕",
    "\\ominus": "⊖",
    "\\otimes": "⊗",
    "\\odot": "⊙",
    "\\wedge": "∧",
    "\\vee": "∨",
    "\\cap": "∩",
    "\\cup": "∪",
    "\\setminus": "∖",
    "\\leq": "≤",
    "\\geq": "≥",
    "\\neq": "≠",
    "\\ll": "≪",
    "\\gg": "≫",
    "\\equiv": "≡",
    "\\sim": "∼",
    "\\simeq": "≃",
    "\\approx": "≈",
    "\\cong": "≅",
    "\\propto": "∝",
    "\\perp": "⟂",
    "\\parallel": "∥",
    "\\prec": "≺",
    "\\succ": "≻",
    "\\models": "⊧",
    "\\vdash": "⊢",
    "\\dashv": "⊣",
    "\\top": "⊤",
    "\\bot": "⊥",
    "\\in": "∈",
    "\\notin": "∉",
    "\\ni": "∋",
    "\\subset": "⊂",
    "\\subseteq": "⊆",
    "\\subsetneq": "⊊",
    "\\supset": "⊃",
    "\\supseteq": "⊇",
    "\\forall": "∀",
    "\\exists": "∃",
    "\\neg": "¬",
    "\\emptyset": "∅",
    "\\infty": "∞",
    "\\partial": "∂",
    "\\nabla": "∇",
    "\\hbar": "ℏ",
    "\\ell": "ℓ",
    "\\Re": "ℜ",
    "\\Im": "ℑ",
    "\\aleph": "ℵ",
    "\\angle": "∠",
    "\\triangle": "△",
    "\\square": "□",
    "\\dagger": "†",
    "\\prime": "′",
    "\\ldots": "…",
    "\\cdots": "⋯",
    "\\ltimes": "⋉",
    "\\gtrsim": "≳",
    "\\lesssim": "≲",
    "\\vdots": "⋮",
    "\\ddots": "⋱",
    "\\rightarrow": "→",
    "\\leftarrow": "←",
    "\\leftrightarrow": "↔",
    "\\Rightarrow": "⇒",
    "\\Leftarrow": "⇐",
    "\\Leftrightarrow": "⇔",
    "\\longrightarrow": "⟶",
    "\\uparrow": "↑",
    "\\downarrow": "↓",
    "\\mapsto": "↦",
    "\\rightleftharpoons": "⇌",
    "\\iff": "⟺",
    "\\{": "{",
    "\\}": "}",
    "\\|": "‖",
    "\\langle": "⟨",
    "\\rangle": "⟩",
    "\\lfloor": "⌊",
    "\\rfloor": "⌋",
    "\\lceil": "⌈",
    "\\rceil": "⌉",
    "\\backslash": "\\",
    "\\%": "%",
    "\\$": "$",
    "\\#": "#",
    "\\&": "&",
    "\\_": "_",
    "\\sqrt": "√",
}

# Functions are written as words and are one symbol each, as in CROHME.
FUNCTIONS: frozenset[str] = frozenset(
    "\\" + name
    for name in (
        *("arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd"),
        *("hom", "inf", "ker", "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "Pr", "sec", "sin", "sinh"),
        *("sup", "tan", "tanh"),
    )
)

# Operators whose limits LaTeX sets above and below in a displayed formula; \int and its kin keep them at the side.
STACKING: frozenset[str] = frozenset(
    (
        *("\\sum", "\\prod", "\\coprod", "\\bigcap", "\\bigcup", "\\bigvee", "\\bigwedge", "\\bigoplus"),
        *("\\bigotimes", "\\bigodot", "\\det", "\\gcd", "\\inf", "\\lim", "\\liminf", "\\limsup", "\\max"),
        *("\\min", "\\Pr", "\\sup"),
    )
)
INTEGRALS: frozenset[str] = frozenset({"\\int", "\\iint", "\\iiint", "\\oint"})
FENCES: dict[str, str] = {
    "(": ")",
    "[": "]",
    "\\{": "\\}",
    "\\langle": "\\rangle",
    "\\lfloor": "\\rfloor",
    "\\lceil": "\\rceil",
}
"""Brackets that open something -> those that close it."""
PRIME = "\\prime"
SEVERAL_PRIMES: dict[str, str] = {"″": "′′", "‴": "′′′", "⁗": "′′′′"}
"""Characters that are several written symbols -> these."""

# What files write for a label, where it is not the canonical one.
ALIASES: dict[str, str] = {
    "\\lt": "<",
    "\\gt": ">",
    "COMMA": ",",
    "\\le": "\\leq",
    "\\ge": "\\geq",
    "\\ne": "\\neq",
    "\\to": "\\rightarrow",
    "\\gets": "\\leftarrow",
    "\\lbrace": "\\{",
    "\\rbrace": "\\}",
    "\\lbrack": "[",
    "\\rbrack": "]",
    "\\vert": "|",
    "\\lvert": "|",
    "\\mid": "|",
    "\\rvert": "|",
    "\\Vert": "\\|",
    "\\lVert": "\\|",
    "\\rVert": "\\|",
    "\\land": "\\wedge",
    "\\lor": "\\vee",
    "\\lnot": "\\neg",
    "\\dots": "\\ldots",
    "\\dotsc": "\\ldots",
    "\\owns": "\\ni",
    "\\colon": ":",
    "\\slash": "/",
    "\\varnothing": "\\emptyset",
    "'": "\\prime",
    "\\'": "\\prime",
    "\\imath": "i",
    "\\jmath": "j",
}

# How CROHME's files and label graphs write the labels that are special in XML.
CROHME_LABELS: dict[str, str] = {"<": "\\lt", ">": "\\gt"}

# MathML writers in the CROHME collections named some operators without the backslash, and lost letters of others.
_MATHML_WORDS: dict[str, str] = {"im": "\\lim", "ctdot": "\\ldots", "ne": "\\neq", "le": "\\leq", "ge": "\\geq"}
_COMMANDS: dict[str, str] = {character: command for command, character in CHARACTERS.items()} | {
    "−": "-",
    "·": "\\cdot",
    "ø": "\\emptyset",
    "∕": "/",
    "µ": "\\mu",
    "Ω": "\\Omega",
    "∆": "\\Delta",
    "∣": "|",
}
# Letters and digits in italics, bold, sans-serif or typewriter -> the plain ones, as LaTeX's fonts are passed over;
# script, fraktur and double-struck letters are written otherwise and stay what they are.
_FONTS: dict[int, str] = {
    code: chr(int(plain[1], 16))
    for code in (0x210E, *range(0x1D400, 0x1D49C), *range(0x1D5A0, 0x1D7D8), *range(0x1D7E2, 0x1D800))
    if (plain := unicodedata.decomposition(chr(code)).split())
}
_RESERVED = frozenset("\\{}^_$%#&~")  # characters with a meaning of their own in LaTeX


def canonical_label(label: str) -> str:
    """The canonical form of a label: ``\\lt`` is ``<``, ``COMMA`` is ``,``, ``\\to`` and ``→`` are ``\\rightarrow``.

    Letters and digits in italics, bold, sans-serif or typewriter are the plain ones.

    Raises:
        LayoutError: the label is empty, several primes in one character, a mark that combines with the character before
            it, or neither one visible character nor a LaTeX command known here.
    """
    label = label.strip().translate(_FONTS)
    label = ALIASES.get(label, label)
    if len(label) == 1:
        mark = unicodedata.category(label).startswith("M")  # an accent or stroke on what stands before it, or unseen
        if mark or label in _RESERVED or label in SEVERAL_PRIMES or not label.isprintable() or label.isspace():
            raise LayoutError(f"{quoted(label)} is no symbol")
        return _COMMANDS.get(label, label)
    if label not in CHARACTERS and label not in FUNCTIONS:
        raise LayoutError(f"{quoted(label[:40])} is no symbol: neither one character nor a LaTeX command known here")
    return label


def label_of_mathml(text: str) -> str:
    """The canonical label of the text of a ``mi``, ``mo`` or ``mn`` that stands for one symbol.

    Raises:
        LayoutError: no symbol is written so.
    """
    text = text.strip().translate(_FONTS)
    if text in _COMMANDS:
        return _COMMANDS[text]
    if text in _MATHML_WORDS:
        return _MATHML_WORDS[text]
    command = "\\" + text
    named = text.isalpha() and (command in CHARACTERS or command in FUNCTIONS)
    return command if named else canonical_label(text)
