"""The ``inkmath`` command, and ``python -m inkmath`` where the script is not on the path."""

import sys

EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    try:
        # Imported here, or Ctrl+C in the fraction of a second that it takes would show a traceback.
        from inkmath.cli import main as run

        run()
    except KeyboardInterrupt:  # before a command that ends well by itself had begun
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
