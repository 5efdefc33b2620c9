# expect: {"status": "ENDED_ERROR", "message": "broken", "logs": ["cleaned up"]}
def handler(system, this):
    lock = system.setting('legacy cleanup')
    lock.save(value=1)
    lock.acquire()
    try:
        raise ValueError('broken')
    finally:
        lock.release()
        this.log('cleaned up')
