"""What can go wrong with a file as a whole."""


class UnreadableFile(ValueError):
    """A file that cannot be read at all; its message is one sentence or two: what is wrong and what to do."""
