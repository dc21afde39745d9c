"""The page to write on, and the REST interface under it."""
