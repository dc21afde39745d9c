"""Damaged and hostile input for everything that reads what strangers wrote: `make fuzz`, and a slice of it in CI."""
