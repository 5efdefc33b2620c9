# expect: {"status": "ENDED_SUCCESS", "output": {"listed": ["legacy/in/a.txt", "legacy/in/b.txt"], "joined": "first second", "size": 12, "left": 1}}
def handler(system, this):
    system.file('legacy/in/a.txt').save_text_content('first')
    system.file('legacy/in/b.txt').save_text_content('second')
    names = sorted(f.get('name') for f in system.files(filter={'field': 'name', 'op': 'like', 'value': 'legacy/in/%'}))
    joined = ' '.join(system.file(name).get_text_content() for name in names)
    system.file('legacy/out.bin').save_bytes_content(joined.encode())
    assert system.file('legacy/out.bin').get_bytes_content() == joined.encode()
    size = system.file('legacy/out.bin').get('content_size_bytes')
    system.file('legacy/in/b.txt').archive()
    left = list(system.files(dir='legacy/in', glob='*.txt'))
    this.save(output_value={'listed': names, 'joined': joined, 'size': size, 'left': len(left)})
    return this.success()
