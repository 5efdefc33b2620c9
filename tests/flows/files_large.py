# expect: {"status": "ENDED_SUCCESS", "output": {"size": 3000000, "same": true}}
import hashlib


def handler(system, this, inputs):
    content = bytes(range(250)) * 12_000
    file = system.file('large.bin').save_bytes_content(content)
    back = file.get_bytes_content()
    assert file.get('sha256') == hashlib.sha256(content).hexdigest()
    return {'size': len(back), 'same': back == content}
