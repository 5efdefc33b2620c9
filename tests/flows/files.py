# expect: {"status": "ENDED_SUCCESS", "output": {"text": "Grüße\nzwei", "size": 12, "base64": "R3LDvMOfZQp6d2Vp", "bytes": [0, 255, 10]}}
def handler(system, this, inputs):
    file = system.file('reports/2026/one.txt').save_text_content('Grüße\nzwei')
    again = system.file('reports/2026/one.txt')
    binary = system.file('reports/2026/two.bin').save_bytes_content(bytes([0, 255, 10]))
    third = system.file('reports/2026/three.bin').save_base64_content('AP8K')
    assert third.get_bytes_content() == binary.get_bytes_content()
    return {
        'text': again.get_text_content(),
        'size': file.get('content_size_bytes'),
        'base64': again.get_base64_content(),
        'bytes': list(binary.get_bytes_content()),
    }
