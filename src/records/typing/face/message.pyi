    def wait(self, timeout: float | None = None) -> Self:
        """Waits until somebody has answered, and returns the handle; ``get('response')`` has the answer.

        ``timeout`` is in seconds; None, the default, waits without end. Raises ``MessageResponseTimeoutError``, after which the
        message can still be answered and waited for, and ``ResourceNotFoundError`` once it is deleted.

        >>> asked = system.message('Disk almost full', request='What shall go?')
        >>> asked.wait(timeout=3600).get('response')['string']
        'the logs'
        """

    async def wait_async(self, timeout: float | None = None) -> Self:
        """``wait`` for ``async def`` handlers: other tasks go on meanwhile."""

    def get_link(self, valid_seconds: float | None = None) -> str:
        """The address of a page on which whoever has it can answer, once, without a login: for an e-mail, say.

        It is good for ``valid_seconds``, a week unless given, and ends with the answer. Needs UPDATE on the message, as
        answering does. Raises ``PermissionDenied`` and ``InvalidInputError``.

        >>> asked = this.message('Approve?', wait=False)
        >>> link = asked.get_link(valid_seconds=3600)
        """
