"""The event loop of an async handler. Answers are given one at a time, in an order that a replay repeats."""

import _thread
import asyncio
import heapq
import selectors

import _flow_api

from .exceptions import InternalError

__all__ = ['ask', 'run']

# Seconds; nearer timers of the loop do not park the slot.
_NEAR = 0.5
# Tasks that never wait for anything, such as a loop around ``asyncio.sleep(0)``, still see answers and timers after so many rounds.
_ROUNDS = 100

_hub = None


async def ask(op, target, args):
    """A numbered call whose answer is awaited; other tasks run meanwhile."""
    hub = _hub
    if hub is None or asyncio.get_running_loop() is not hub.loop:
        raise InternalError('Awaitables of flow_api work in the event loop of an `async def handler`, not in one of your own.')
    seq = _flow_api._begin(op, target, args)
    hub.waiting[seq] = future = hub.loop.create_future()
    try:
        return await future
    finally:
        if hub.waiting.pop(seq, None) is not None:
            _flow_api._abandon(seq)


def run(coroutine):
    """Runs the coroutine of a handler to its end."""
    global _hub
    hub = _Hub()
    try:
        with asyncio.Runner(loop_factory=hub.make_loop) as runner:
            hub.loop = runner.get_loop()
            _hub = hub
            _flow_api._attach(hub, asyncio.CancelledError)
            return runner.run(hub.handle(coroutine))
    finally:
        _hub = None
        _flow_api._attach(None)
        coroutine.close()


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose timers go off when the hub says so, and whose clock runs ahead in a replay, where nobody waits for them again."""

    def __init__(self, selector):
        # The base class asks for the time.
        self.ahead = 0.0
        self._count = 0
        self._due = []
        self._timers = {}
        self._many = 100
        super().__init__(selector)

    def time(self):
        return super().time() + self.ahead

    def call_at(self, when, callback, *args, context=None):
        if self.is_closed():
            raise RuntimeError('Event loop is closed')
        if len(self._timers) > self._many:
            self._timers = {number: timer for number, timer in self._timers.items() if not timer[0].cancelled()}
            self._due = [(when, number) for when, number in self._due if number in self._timers]
            heapq.heapify(self._due)
            self._many = 2 * len(self._timers) + 100
        self._count += 1
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._timers[self._count] = handle, callback, args, context
        heapq.heappush(self._due, (when, self._count))
        return handle

    def first(self):
        """When the next timer is due, and its number; or None."""
        while self._due:
            number = self._due[0][1]
            if number in self._timers and not self._timers[number][0].cancelled():
                return self._due[0]
            self._timers.pop(number, None)
            heapq.heappop(self._due)
        return None

    def go_off(self, number):
        """Lets a timer go off. Returns whether it was there."""
        handle, callback, args, context = self._timers.pop(number, (None, None, (), None))
        if handle is None or handle.cancelled():
            return False
        self.ahead += max(0.0, handle.when() - self.time())

        def run():
            if not handle.cancelled():
                callback(*args)

        self.call_soon(run, context=context)
        return True


class _Selector(selectors.BaseSelector):
    """Watches the descriptors of the flow, and asks the hub when no task has anything left to do."""

    def __init__(self, idle):
        self._idle = idle
        self._rounds = 0
        self.has_answers = False
        self._inner = selectors.DefaultSelector()

    def register(self, fileobj, events, data=None):
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj):
        return self._inner.unregister(fileobj)

    def modify(self, fileobj, events, data=None):
        return self._inner.modify(fileobj, events, data)

    def get_map(self):
        return self._inner.get_map()

    def close(self):
        self._inner.close()

    def look(self, timeout):
        """What is there already, or comes within ``timeout`` seconds; answers are only noted."""
        events = self._inner.select(timeout)
        # The keys of the loop have data.
        others = [event for event in events if event[0].data is not None]
        self.has_answers = len(others) < len(events)
        return others

    def select(self, timeout=None):
        # The base class has no timers: it waits when no task has anything left to do, and else only looks.
        if timeout is None:
            self._rounds = 0
            return self._idle(True)
        self._rounds += 1
        if self._rounds % _ROUNDS:
            return self.look(0)
        return self._idle(False)


class _Hub:
    """Between the loop, the tasks that await answers, and the native side."""

    def __init__(self):
        self.loop = None
        self.main = None
        self.waiting = {}
        self._selector = _Selector(self._idle)
        self._socket = _flow_api._socket()
        self._listens = False
        self._own = 0
        self._begun = 0.0
        self._earlier = None
        self._thread = _thread.get_ident()

    def make_loop(self):
        loop = _Loop(self._selector)
        # The loop's own pipe.
        self._own = len(self._selector.get_map())
        self._begun = loop.time()
        return loop

    async def handle(self, coroutine):
        self.main = asyncio.current_task()
        return await coroutine

    # What the native side calls, also from signal handlers and other threads.

    def interrupt(self, frame):
        """Brings a signal to the handler's task; returns whether it is to be raised where the flow stands instead."""
        if self.main is None or self.loop.is_closed():
            return True
        standing = asyncio.current_task(self.loop)
        # Raised in the loop's own code, even on behalf of a task, it would lose that task's next step.
        if frame is not None and frame.f_globals.get('__name__', '').startswith(('asyncio.', __name__)):
            standing = None
        self.loop.call_soon_threadsafe(self._cancel, standing is None)
        return standing is not None

    def nudge(self):
        """Wakes the loop, from any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(int)

    def mark(self):
        """The execution is under a signal now: tasks made from here on clean up."""
        if self._earlier is None:
            self._earlier = asyncio.all_tasks(self.loop)

    def is_later(self):
        """Whether the running task was made after the signal."""
        task = asyncio.current_task(self.loop) if _thread.get_ident() == self._thread else None
        return task is not None and self._earlier is not None and task not in self._earlier

    # What the loop calls when no task has anything left to do, or the tasks never come to an end: ``waits`` tells which.

    def _idle(self, waits):
        state, number, at, value, error = _flow_api._next()
        if state == 'given':
            self._give(number, at, value, error)
            return []
        if state == 'cancel':
            self._cancel(True)
            return []
        if state == 'live':
            return self._live(waits)
        if state == 'timer' and self._go_off(number):
            return []
        return self._hold(waits)

    def _give(self, seq, at, value, error):
        if at is not None:
            self.loop.ahead += max(0.0, self._begun + at - self.loop.time())
        future = self.waiting.pop(seq, None)
        if future is None or future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def _go_off(self, number):
        if not self.loop.go_off(number):
            return False
        _flow_api._went_off(number)
        return True

    def _until(self, waits):
        """Seconds until the next timer is due; None when there is none."""
        if not waits:
            return 0
        first = self.loop.first()
        return None if first is None else max(0.0, first[0] - self.loop.time())

    def _timer(self):
        """Lets one timer go off that is due."""
        first = self.loop.first()
        if first is not None and first[0] <= self.loop.time():
            self._go_off(first[1])

    def _hold(self, waits):
        """A replay in which something came next that is not recorded: a thread, a connection."""
        self._listen(False)
        if self._has_others() or not waits:
            events = self._selector.look(self._until(waits))
            if not events and waits:
                self._timer()
            return events
        first = self.loop.first()
        if first is not None:
            self._go_off(first[1])
        elif self._earlier is None:
            _flow_api._stand_still()
            self._cancel(True)
        else:
            self.loop.stop()
        return []

    def _live(self, waits):
        reads = not _flow_api._is_read_elsewhere()
        self._listen(reads)
        until = self._until(waits)
        if reads and (until is None or until >= _NEAR) and not self._has_others():
            _flow_api._say(True, until)
        others = self._selector.look(until)
        if self._selector.has_answers and not _flow_api._is_read_elsewhere():
            _flow_api._read()
            return others
        _flow_api._say(False)
        if not others:
            self._timer()
        return others

    def _listen(self, listens):
        if self._listens != listens:
            self._listens = listens
            if listens:
                self._selector.register(self._socket, selectors.EVENT_READ)
            else:
                self._selector.unregister(self._socket)

    def _has_others(self):
        """Whether anything but answers and timers can happen."""
        return len(self._selector.get_map()) > self._own + self._listens or _thread._count() > 0

    def _cancel(self, with_handler):
        if with_handler and not self.main.done():
            self.main.cancel()
        for future in list(self.waiting.values()):
            future.cancel()
