"""Evaluation: figures and pictures of what a model does on a data set."""
