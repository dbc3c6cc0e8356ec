"""The one exception that leaves this package's service code."""


class ServiceError(Exception):
    """A service can't be started or reached.

    The text is one sentence for the person at the keyboard: what is wrong and what to type.
    The end of the service's log may follow on lines of its own.
    """
