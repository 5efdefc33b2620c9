# expect: {"status": "ENDED_SUCCESS", "output": {"error": "DependencyFailedError", "names": ["child_fail"], "timeout": true}}
import flow_api


async def handler(system, this, inputs):
    try:
        await this.flow_async('child_fail')
    except flow_api.DependencyFailedError as error:
        failed = error
    slow = await this.flow_async('child_slow', wait=False)
    try:
        await slow.wait_async(timeout=0.1)
    except flow_api.DependencyTimeoutError:
        timed_out = True
    slow.cancel()
    return {
        'error': type(failed).__name__,
        'names': [child.get('name') for child in failed.executions],
        'timeout': timed_out,
    }
