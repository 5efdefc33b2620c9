# expect: {"status": "ENDED_SUCCESS", "output": {"answer": "forty-two"}, "answers": [{"string": "forty-two"}]}
def handler(system, this):
    message = system.message(subject='A question', message='What is the answer?', request='Your answer')
    message.wait()
    this.save(output_value={'answer': message.get('response')['string']})
    return this.success()
