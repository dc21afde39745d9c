"""Files <-> ink at the scale of data sets: where ink is found, the ink table, splits, arrays, public data sets."""
