# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    for wrong in (-1, float('nan'), 'long'):
        try:
            this.sleep(wrong)
        except flow_api.InvalidInputError:
            continue
        raise AssertionError(f'sleep({wrong!r}) was taken')
