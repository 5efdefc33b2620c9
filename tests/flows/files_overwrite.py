# expect: {"status": "ENDED_SUCCESS", "output": {"text": "", "size": 0}}
def handler(system, this, inputs):
    file = system.file('overwritten.txt').save_text_content('something long')
    file.save_text_content('')
    return {'text': file.get_text_content(), 'size': file.get('content_size_bytes')}
