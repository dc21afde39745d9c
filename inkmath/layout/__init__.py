"""Layout: the symbol layout tree, its canonical form, and one module per notation it is read from and written to."""

from inkmath.layout.tree import Edge, LayoutError, LayoutTree, Relation, Symbol

__all__ = ["Edge", "LayoutError", "LayoutTree", "Relation", "Symbol"]
