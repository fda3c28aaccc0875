"""``python -m deploy.backup``."""

from deploy.backup.command import main

main()
