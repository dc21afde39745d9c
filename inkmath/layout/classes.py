"""The symbol classes of the CROHME competitions, and further ones that people write."""

from __future__ import annotations

SYMBOL_CLASSES: tuple[str, ...] = (
    *("!", "(", ")", "+", ",", "-", ".", "/"),
    *("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "<", "=", ">"),
    *("A", "B", "C", "E", "F", "G", "H", "I", "L", "M", "N", "P", "R", "S", "T", "V", "X", "Y", "["),
    *("\\Delta", "\\alpha", "\\beta", "\\cos", "\\div", "\\exists", "\\forall", "\\gamma", "\\geq", "\\in"),
    *("\\infty", "\\int", "\\lambda", "\\ldots", "\\leq", "\\lim", "\\log", "\\mu", "\\neq", "\\phi", "\\pi"),
    *("\\pm", "\\prime", "\\rightarrow", "\\sigma", "\\sin", "\\sqrt", "\\sum", "\\tan", "\\theta", "\\times"),
    *("\\{", "\\}", "]"),
    *("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"),
    *("n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "|"),
)
"""The 101 classes of CROHME 2013 to 2019, by code point, written canonically: ``<`` and ``>``, never ``\\lt`` or
``\\gt``; ``,``, never ``COMMA``. A fraction bar and a minus are one class, ``-``."""

FURTHER_CLASSES: tuple[str, ...] = (
    *(":", ";", "D", "J", "K", "O", "Q", "U", "W", "Z", "\\%", "\\Gamma", "\\Leftrightarrow", "\\Omega", "\\Phi"),
    *("\\Psi", "\\Rightarrow", "\\angle", "\\approx", "\\ast", "\\cap", "\\circ", "\\cup", "\\delta", "\\emptyset"),
    *("\\epsilon", "\\equiv", "\\eta", "\\gg", "\\hbar", "\\leftarrow", "\\ll", "\\mapsto", "\\mp", "\\nabla"),
    *("\\neg", "\\notin", "\\omega", "\\parallel", "\\partial", "\\perp", "\\prod", "\\propto", "\\psi", "\\rho"),
    *("\\sim", "\\subset", "\\subseteq", "\\supset", "\\tau", "\\vee", "\\wedge", "\\xi", "\\zeta"),
)
"""Classes that CROHME's formulas lack, by code point: letters, operators and signs of school and first years of study.

Left out is what CROHME writes as another class, such as a dot of multiplication, which is ``.`` there, and what looks
like one of its letters, such as a nu.
"""
