"""InkML: the handwriting files of CROHME and MathWriting, read as ink and written from it.

Format: W3C Ink Markup Language (2011), with the conventions of the CROHME competitions (trace groups carry the truth
of each symbol and point at the ``xml:id`` of its MathML element) and of MathWriting (truth in ``label`` annotations).
"""

from inkmath.inkml.reader import MAX_BYTES, InkMLError, parse_inkml
from inkmath.inkml.writer import write_inkml

__all__ = ["MAX_BYTES", "InkMLError", "parse_inkml", "write_inkml"]
