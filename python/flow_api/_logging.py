"""Entries of the logging module become log entries of the execution."""

import logging

import _flow_api

__all__ = ['install']


class _Handler(logging.Handler):
    """The root handler in a slot."""

    def emit(self, record):
        try:
            message = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if record.levelno >= logging.ERROR:
            level = 'error'
        elif record.levelno >= logging.WARNING:
            level = 'warning'
        elif record.levelno >= logging.INFO:
            level = 'info'
        else:
            level = 'debug'
        _flow_api._log_record(level, message)


_handler = _Handler()
_basic_config = logging.basicConfig


def _configure(**settings):
    """``logging.basicConfig`` for a root logger that has our handler: level and format are taken over."""
    root = logging.root
    if root.handlers != [_handler] or settings.keys() & {'filename', 'stream', 'handlers'}:
        if root.handlers == [_handler]:
            root.removeHandler(_handler)
        _basic_config(**settings)
        return
    if settings.get('level') is not None:
        root.setLevel(settings['level'])
    if settings.get('format') is not None:
        _handler.setFormatter(
            logging.Formatter(settings['format'], settings.get('datefmt'), settings.get('style', '%'))
        )


def install():
    """Puts the root logger into the state that every execution starts from."""
    logging.root.handlers[:] = [_handler]
    logging.root.setLevel(logging.INFO)
    _handler.setFormatter(None)
    _handler.setLevel(logging.NOTSET)
    logging.basicConfig = _configure
