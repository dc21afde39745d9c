"""Training: fit loops and checkpoints."""
