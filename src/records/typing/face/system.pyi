    return_when = ReturnWhen

    def files(
        self,
        filter_: dict[str, Any] | None = None,
        order: str | list[str] | None = None,
        limit: int | None = None,
        *,
        dir: str | None = None,
        glob: str | None = None,
        filter: dict[str, Any] | None = None,
    ) -> Iterator[File]:
        """Handles of files; ``dir`` keeps those below a folder, ``glob`` those whose name matches a pattern.

        >>> for file in system.files(dir='reports', glob='*.csv'):
        ...     this.log(file.get('name'))
        """

    def message(
        self,
        subject: UUID | str | None = None,
        message: str | None = None,
        request: str | None = None,
        body: dict[str, Any] | bool | None = None,
        message_type: Literal['POPUP'] | None = None,
        *,
        by: Literal['id'] | None = None,
        **columns: Any,
    ) -> Message:
        """Creates a message, does not wait for its answer, and returns its handle. Other columns as keywords.

        With the id of a message as the only argument: a handle of that one.

        >>> system.message('Disk almost full', 'Clean up **/var**, please.', message_type='POPUP')
        """

    connection = connector
    connections = connectors
