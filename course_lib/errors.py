"""The one exception that the command line turns into a message."""


class CourseError(Exception):
    """Something a person can act on: what was expected, what came, what to do next."""
