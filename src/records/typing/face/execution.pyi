    def flow(
        self, name_or_id: str | Flow, *, name: str | None = None, inputs: Mapping[str, Any] | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        roles: list[str] | None = None, orphan: bool = False, priority: int | None = None,
        scheduled_for: str | datetime | None = None, location_inheritance: _LocationInheritance | None = None,
        max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """Starts a flow as a child and, unless told otherwise, waits until it has succeeded. Returns its handle.

        ``inputs`` and loose keywords together are its ``input_value``. ``name``: what lists show, by default the flow's name.
        ``wait``: True, False, or a member of ``system.return_when``; for a wait with an end, ``wait=False`` and then
        ``.wait(timeout=...)``. ``run=False`` only creates it. ``orphan=True`` lets it live on when this execution ends. ``priority``,
        ``max_runtime_minutes`` and ``location_inheritance`` override the flow's; ``scheduled_for`` is the earliest start.
        ``unwrapped=True`` leaves out the wrappers that are around the flow for everybody.

        Raises ``ResourceNotFoundError`` (with near names), ``SchemaValidationError`` for inputs that break the flow's
        ``input_schema``, ``DependencyFailedError`` when it did not succeed, and ``InvalidInputError``, also when executions are
        nested too deeply (32 by default).

        >>> this.flow('square', number=3).get_outputs()
        {'number': 3, 'square': 9}
        """

    def script(
        self, source: str, *, name: str | None = None, inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True,
        run: bool = True, save: bool = True, init: dict[str, Any] | None = None, roles: list[str] | None = None,
        orphan: bool = False, priority: int | None = None, scheduled_for: str | datetime | None = None,
        location_inheritance: _LocationInheritance | None = None, max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """Starts a script from its source, a module with a ``handler``, as a child; otherwise like ``flow``.

        >>> this.script('def handler(system, this, inputs): return inputs', n=1).get_outputs()
        {'n': 1}
        """

    # connect: an overload for each type
    @overload
    def connect(
        self, connector_name: None = None, *, connector_type: str, name: str | None = None, inputs: dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
    ) -> Execution:
        """A connection of a type that is known only when the flow runs."""
    @overload
    def connect(
        self, connector_name: str | Record, *, connector_type: None = None, name: str | None = None,
        inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True, run: bool = True, save: bool = True,
        init: dict[str, Any] | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """Starts a connection as a child: an operation that the server carries out, without a process. Returns its handle.

        With ``connector_type`` no stored connector is needed; keywords override a stored connector's value key by key.
        ``secret(<name>)`` in an input stands for the SECRET of that name. ``wait`` and ``run`` as in ``flow``. What
        ``init={'protect_inputs': [...], 'protect_outputs': [...]}`` names is shown nowhere. Raises ``MissingInputError``,
        ``InvalidInputError`` and ``ExtraInputError`` before anything is sent, and ``DependencyFailedError``.

        >>> this.connect(connector_type='REST', url='https://example.org').get_outputs()
        """

    # connect_async: an overload for each type
    @overload
    async def connect_async(
        self, connector_name: None = None, *, connector_type: str, name: str | None = None, inputs: dict[str, Any],
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
    ) -> Execution:
        """A connection of a type that is known only when the flow runs."""
    @overload
    async def connect_async(
        self, connector_name: str | Record, *, connector_type: None = None, name: str | None = None,
        inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True, run: bool = True, save: bool = True,
        init: dict[str, Any] | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """``connect`` for ``async def`` handlers: other tasks go on while it waits."""

    def task(self, connector_type: str, **options: Any) -> Execution:
        """The older name of ``connect``; its first argument is a type of connector."""

    def connection(self, connector_name: str | Record | None = None, **options: Any) -> Execution:
        """The older name of ``connect``."""

    def run(self, timeout: float | None = None) -> Self:
        """Starts a child that was made with ``run=False``, and waits until it has succeeded. Returns it.

        ``timeout`` is in seconds; None, the default, waits without end. Raises what ``wait`` raises.
        """

    def run_async(self) -> Self:
        """Starts a child that was made with ``run=False``, without waiting. Returns it."""

    def wait(self, return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED, timeout: float | None = None) -> Self:
        """Waits until this child has ended as asked for. Returns it.

        ``timeout`` is in seconds; None, the default, waits without end. Raises ``DependencyFailedError`` when it did not succeed,
        unless ``return_when`` is content with that, and ``DependencyTimeoutError``, after which the child goes on.

        >>> child.wait(return_when=system.return_when.ALL_ENDED, timeout=60)
        """

    def wait_for(
        self, *executions: Execution | Iterable[Execution], return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED,
        timeout: float | None = None,
    ) -> list[Execution]:
        """Waits for several executions; returns those that have ended, in the order given. Raises what ``wait`` raises.

        >>> done = this.wait_for(*children, return_when=system.return_when.FIRST_ENDED)
        """

    async def flow_async(
        self, name_or_id: str | Flow, *, name: str | None = None, inputs: Mapping[str, Any] | None = None,
        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, init: dict[str, Any] | None = None,
        roles: list[str] | None = None, orphan: bool = False, priority: int | None = None,
        scheduled_for: str | datetime | None = None, location_inheritance: _LocationInheritance | None = None,
        max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """``flow`` for ``async def`` handlers: other tasks go on while it waits. Takes, returns and raises the same.

        When the task that awaits it is cancelled, as by ``asyncio.timeout``, the child goes on; it ends with its parent.

        >>> async def handler(system, this, inputs):
        ...     both = await asyncio.gather(*(this.flow_async('square', number=n) for n in (2, 3)))
        """

    async def script_async(
        self, source: str, *, name: str | None = None, inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True,
        run: bool = True, save: bool = True, init: dict[str, Any] | None = None, roles: list[str] | None = None,
        orphan: bool = False, priority: int | None = None, scheduled_for: str | datetime | None = None,
        location_inheritance: _LocationInheritance | None = None, max_runtime_minutes: float | None = None, unwrapped: bool = False, **kw: Any,
    ) -> Execution:
        """``script`` for ``async def`` handlers: other tasks go on while it waits. Takes, returns and raises the same."""

    async def wait_async(self, return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED, timeout: float | None = None) -> Self:
        """``wait`` for ``async def`` handlers: other tasks go on meanwhile. Takes, returns and raises the same."""

    async def wait_for_async(
        self, *executions: Execution | Iterable[Execution], return_when: bool | ReturnWhen = ReturnWhen.ALL_SUCCEEDED,
        timeout: float | None = None,
    ) -> list[Execution]:
        """``wait_for`` for ``async def`` handlers: other tasks go on meanwhile. Takes, returns and raises the same."""

    async def sleep_async(self, seconds: float) -> None:
        """``sleep`` for ``async def`` handlers: a durable timer, while which other tasks go on. On ``this`` alone.

        ``asyncio.sleep`` works too, but is no durable timer: it does not let the process go.

        >>> await asyncio.gather(this.sleep_async(60), this.flow_async('square', number=3))
        """

    async def sleep_until_async(self, unix_timestamp: float | datetime) -> None:
        """``sleep_until`` for ``async def`` handlers: other tasks go on meanwhile. On ``this`` alone."""

    def pause(self) -> None:
        """Pauses this execution, or a child, at its next call, until somebody resumes it."""

    def cancel(self) -> None:
        """Cancels this execution or a child, and with it its children; nothing happens to one that has ended."""

    def get_children(self) -> list[Execution]:
        """Handles of the executions that this one started, oldest first."""

    def using(self, wrapper_name: str, **wrapper_inputs: Any) -> Using:
        """Something with the same ``flow``, ``connect`` and ``script``, each of them through a wrapper: ``retry``, ``cache``, ``notify``,
        ``validate`` and ``interactive`` come with the server. Chainable; the first one is outermost.

        >>> this.using('retry', max_tries=5).using('cache', max_age_minutes=60).connect('exchange rates')
        """

    def wrapped(
        self, *, inputs: Mapping[str, Any] | None = None, wait: bool | ReturnWhen = True, name: str | None = None,
        location: str | None = None, **kw: Any,
    ) -> Execution:
        """In a wrapper's flow: starts what the wrapper is around as a child, and waits as ``flow`` does. Returns its handle.

        ``inputs`` and loose keywords are laid over what its caller gave. ``location``: ``'wrapper_execution'``, ``'wrapped_resource'``
        (the default) or the name of a project, where the child's execution goes. May be called more than once.
        """

    def end_as(self, execution: Execution) -> NoReturn:
        """Ends this execution as another one has ended: with its output, its status, its message and, for a child, its answer to a webhook.

        >>> return this.end_as(this.wrapped(wait=system.return_when.ALL_ENDED))
        """

    def message(
        self,
        subject: str | None = None,
        message: str | None = None,
        request: str | None = None,
        body: dict[str, Any] | bool | None = None,
        wait: bool | ReturnWhen | None = True,
        timeout: float | None = None,
        *,
        message_type: Literal['POPUP'] | None = None,
        **columns: Any,
    ) -> Message:
        """Asks people: a message attached to this execution. Waits for the answer unless ``wait=False``, and returns its handle.

        ``message`` is Markdown. ``body`` is a form: a JSON Schema of an object whose properties may say ``element``, ``label``,
        ``order``, ``default``, ``example`` and ``format``; the answer must keep it. ``request`` asks for one line of text
        instead, which is answered under the key ``string``. With neither there is a button ``OK``.
        A wait costs no process, and goes on after a restart of the server. ``timeout`` is in seconds; None waits without end.
        Raises ``MessageResponseTimeoutError`` (the message can still be answered) and ``InvalidInputError`` for a bad form.

        >>> form = {'type': 'object', 'properties': {'amount': {'type': 'number', 'label': 'How much?'}}, 'required': ['amount']}
        >>> this.message('Approve the order', body=form).get('response')
        {'amount': 12.5}
        >>> this.message('Who are you?', request='Your name').get('response')['string']
        'Ada'
        """

    async def message_async(
        self,
        subject: str | None = None,
        message: str | None = None,
        request: str | None = None,
        body: dict[str, Any] | bool | None = None,
        wait: bool | ReturnWhen | None = True,
        timeout: float | None = None,
        *,
        message_type: Literal['POPUP'] | None = None,
        **columns: Any,
    ) -> Message:
        """``message`` for ``async def`` handlers: other tasks go on while it waits."""

    def get_messages(self) -> list[Message]:
        """Handles of the messages attached to this execution, oldest first, answered or not."""

    def save_dump(self, name: str) -> int:
        """Makes a savepoint that `load_dump` goes back to, in place of an earlier one of that name.

        Returns how often the execution has come back to it: 0 when it is made. Not inside a step, and not while other tasks
        of an async handler await calls.
        """

    def load_dump(self, name: str, by: Literal['name', 'id'] = 'name') -> NoReturn:
        """Goes back to a savepoint: the execution goes on after its `save_dump`, in a new epoch.

        Variables, outputs and held locks are as they were there; settings, files and everything outside stay as they are.
        Children started since are cancelled. No `finally` and no `except` of what is left runs. Raises ResourceNotFoundError if
        there is no such savepoint, and InvalidInputError if a replay could not bring the execution back to it.

            if this.save_dump('before') < 3 and not system.setting('ready').get('value'):
                this.sleep(60)
                this.load_dump('before')
        """

    def webhook_response(self, body: Any = None, status: int = 200, headers: dict[str, str] | None = None) -> NoReturn:
        """Ends the execution with success; whoever called its webhook gets this answer.

        `body` is a text, bytes, or any JSON value; None sends none. `status` is 200 to 599. `headers` may say
        another `content-type` than the one that goes with the body. Never returns. In an execution that no webhook
        started, it only ends it. Raises InvalidInputError for what is no answer.

        >>> return this.webhook_response({'accepted': True}, status=202)
        """

    def webhook_html_response(self, html: str, status: int = 200, headers: dict[str, str] | None = None) -> NoReturn:
        """Ends the execution with success; whoever called its webhook gets this page.

        Browsers show it apart from the server it comes from: its scripts cannot act with anybody's login. Never returns.

        >>> return this.webhook_html_response('<h1>Thank you</h1>')
        """
