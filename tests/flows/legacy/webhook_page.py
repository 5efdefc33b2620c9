# expect: {"status": "ENDED_SUCCESS", "webhook": {"path": "/hello/Ada?polite=yes", "status": 200, "contains": ["<h1>Dear Ada</h1>"]}}
def handler(system, this):
    """A small application: a page for each path."""
    request = this.get('input_value')
    _, page, name = request['path'].split('/')
    if page != 'hello':
        return this.webhook_html_response('<h1>There is no such page</h1>')
    greeting = 'Dear' if request['query'].get('polite') == 'yes' else 'Hi'
    return this.webhook_html_response(f'<h1>{greeting} {name}</h1>')
