# expect: {"status": "ENDED_ERROR", "message_contains": "handler"}
handler = 42
