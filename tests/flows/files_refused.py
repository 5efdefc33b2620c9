# expect: {"status": "ENDED_SUCCESS"}
import flow_api


def handler(system, this, inputs):
    file = system.file('refused.txt')
    for method, wrong in (('save_text_content', b'bytes'), ('save_bytes_content', 'text'), ('save_base64_content', 'A')):
        try:
            getattr(file, method)(wrong)
        except flow_api.InvalidInputError:
            continue
        raise AssertionError(f'{method}({wrong!r}) was taken')
    assert not file.exists()
    try:
        file.get_text_content()
    except flow_api.ResourceNotFoundError as error:
        assert 'refused.txt' in str(error), error
    else:
        raise AssertionError('a file that does not exist was read')
