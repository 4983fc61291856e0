"""``python -m krayne``."""

from krayne.cli import main

main()
