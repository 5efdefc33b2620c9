"""What an editor marks as wrong. A mark that does not come is an error too, since its comment is then needless."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict) -> None:
    system.seting('x')  # pyright: ignore[reportAttributeAccessIssue]
    system.setting('x').get('valeu')  # pyright: ignore[reportCallIssue, reportArgumentType]
    system.setting('x').get_dict('valeu')  # pyright: ignore[reportArgumentType]
    system.setting('x').save(valeu=1)  # pyright: ignore[reportCallIssue]
    system.flow('x').save(priority='high')  # pyright: ignore[reportArgumentType]
    system.flow('x').save(created_at='2026-11-21')  # pyright: ignore[reportCallIssue]
    system.setting('x', by='email')  # pyright: ignore[reportArgumentType]
    system.setting('x').lock()  # pyright: ignore[reportAttributeAccessIssue]
    this.flow('x', wait='SOMETIME')  # pyright: ignore[reportArgumentType]
    this.log('x', level='fatal')  # pyright: ignore[reportArgumentType]
    this.sleep('long')  # pyright: ignore[reportArgumentType]
    if inputs:
        this.end('finished')  # pyright: ignore[reportArgumentType]
    system.file('x').save_text_content(b'x')  # pyright: ignore[reportArgumentType]
