"""Decoding: from what exported networks answer to readings, and all that is weighed on the way."""
