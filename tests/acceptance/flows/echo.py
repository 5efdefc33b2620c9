def handler(system, this, inputs):
    return {"text": inputs["text"]}
