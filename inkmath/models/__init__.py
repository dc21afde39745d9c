"""Models: Keras networks, each in a file of its own, and how they leave Keras."""

from inkmath.models.registry import ARCHITECTURES, build_model

__all__ = ["ARCHITECTURES", "build_model"]
