"""What the project's own commands share."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from elastix.sql import DISK_FULL, is_disk_full


class ElastixCommand(BaseCommand):
    """A command that says it in a sentence if the disk is full, instead of ending in a traceback."""

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run the command.

        Raises
        ------
        CommandError : the disk is full.
        """
        try:
            return super().execute(*args, **options)
        except Exception as error:
            if not is_disk_full(error):
                raise
            raise CommandError(DISK_FULL) from error
