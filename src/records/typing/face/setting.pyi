    def acquire(self, timeout: float | None = None) -> Self:
        """Takes the lock and returns the handle; the same execution may take it several times.

        ``timeout`` is in seconds; None, the default, waits without end. The lock is released when its holder ends.
        Raises ``LockTimeoutError``, and ``InvalidInputError`` for a handle without a name.

        >>> system.setting('counter').acquire(timeout=10)
        """

    def release(self) -> None:
        """Gives the lock back, once for each time it was taken. Raises ``InvalidInputError`` when it is not held."""

    def __enter__(self) -> Self:
        """``acquire()`` without a timeout.

        >>> with system.setting('counter') as counter:
        ...     counter.save(value=counter.get('value') + 1)
        """

    def __exit__(self, *_: object) -> None: ...
