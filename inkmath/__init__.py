"""inkmath: handwriting to mathematics, pen strokes in, LaTeX out."""

__version__ = "0.1.0"
