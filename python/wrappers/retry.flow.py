"""Runs what it is around again when it fails, after a pause that grows."""

import flow_api


def handler(system: flow_api.System, this: flow_api.Execution, inputs: dict):
    tries = int(inputs.get('max_tries', 3))
    pause = float(inputs.get('delay_seconds', 10))
    longest = float(inputs.get('max_delay_seconds', 3600))
    for number in range(1, tries + 1):
        this.save(message=f'try {number} of {tries}')
        child = this.wrapped(wait=system.return_when.ALL_ENDED, location=inputs.get('child_execution_location'))
        if child.get('status') != 'ENDED_ERROR' or number == tries:
            return this.end_as(child)
        this.log(f'try {number} of {tries} failed; the next one begins in {pause:g} seconds', why=child.get('status_message'))
        this.sleep(pause)
        pause = min(pause * float(inputs.get('backoff', 2)), longest)
    return this.error('max_tries must be 1 or more.')
