# expect: {"status": "ENDED_SUCCESS", "webhook": {"path": "/orders", "form": "item=bread&count=2", "status": 200, "contains": ["2 of bread", "order 1"]}}
def handler(system, this):
    orders = system.setting('legacy orders')
    if not orders.exists():
        orders.save(value=[])
    form = this.get('input_value')['form']
    orders.acquire()
    placed = orders.get('value')
    placed.append({'item': form['item'], 'count': int(form['count'])})
    orders.save(value=placed)
    orders.release()
    return this.webhook_html_response(f'<p>{form["count"]} of {form["item"]}: order {len(placed)}</p>')
