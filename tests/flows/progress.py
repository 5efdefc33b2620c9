# expect: {"status": "ENDED_SUCCESS", "columns": {"progress": {"done": 3.0, "total": 4.0, "message": "three of four"}}}
def handler(system, this, inputs):
    this.set_progress(0.5)
    this.set_progress(3, total=4, message='three of four')
