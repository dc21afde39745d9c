"""``python -m inkmath.cli``: the command line where the script is not on the path."""

from inkmath.cli import main

main()
