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

    def message(self, *args: Any, **kw: Any) -> NoReturn:
        """Arrives with messages and forms."""

    def connection(self, *args: Any, **kw: Any) -> NoReturn:
        """Arrives with connectors."""

    connector = connection
