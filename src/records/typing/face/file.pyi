    def get_text_content(self) -> str:
        """The content as text. Raises ``ResourceNotFoundError``, and ``UnicodeDecodeError`` when it is no UTF-8.

        >>> system.file('reports/today.csv').get_text_content().splitlines()
        """

    def get_bytes_content(self) -> bytes:
        """The content as bytes. Raises ``ResourceNotFoundError``."""

    def get_base64_content(self) -> str:
        """The content as base64 text. Raises ``ResourceNotFoundError``."""

    def save_text_content(self, content: str) -> Self:
        """Writes text as UTF-8; creates the file where there is none. Returns the handle.

        Raises ``InvalidInputError`` for what is no text, and ``PermissionDenied``.

        >>> system.file('reports/today.csv').save_text_content('id,total\\n1,12\\n')
        """

    def save_bytes_content(self, content: bytes | bytearray | memoryview) -> Self:
        """Writes bytes; creates the file where there is none. Returns the handle. Raises what ``save_text_content`` raises."""

    def save_base64_content(self, content: str | bytes) -> Self:
        """Writes what base64 text stands for; creates the file where there is none. Returns the handle.

        Raises ``InvalidInputError`` for what is no base64, and ``PermissionDenied``.
        """
