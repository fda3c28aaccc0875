"""Backup of the database (base backups and its write-ahead log) and of the bucket, and the way back.

``python -m deploy.backup --help`` lists the commands; docs/operations/backup.md is for the operator,
docs/decisions/0013-backups.md says why it is made like this.
"""
