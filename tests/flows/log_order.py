# expect: {"status": "ENDED_SUCCESS", "logs_contain": ["one by log", "two by print", "three by logging", "four by log", "five to stderr", "six by sys.stdout", "seven"]}
import logging
import sys


def handler(system, this, inputs):
    this.log('one by log')
    print('two by print')
    logging.getLogger('flow').warning('three by logging')
    this.log('four by log')
    print('five to stderr', file=sys.stderr)
    sys.stdout.write('six by sys.stdout\n')
    this.log('seven')
