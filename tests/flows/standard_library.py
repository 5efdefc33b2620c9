# expect: {"status": "ENDED_SUCCESS", "output": {"zone": "+02:00", "rows": 2, "total": "0.3"}}
import csv
import datetime
import decimal
import hashlib
import io
import json
import re
import sqlite3
import ssl
import zoneinfo


def handler(system, this, inputs):
    summer = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Vienna'))
    with sqlite3.connect(':memory:') as memory:
        (answer,) = memory.execute('select 6 * 7').fetchone()
    assert answer == 42 and ssl.OPENSSL_VERSION and re.match('a+', 'aaa') and json.loads('[1]') == [1]
    assert hashlib.sha256(b'').hexdigest().startswith('e3b0')
    return {
        'zone': summer.isoformat()[-6:],
        'rows': len(list(csv.reader(io.StringIO('a,b\n1,2\n')))),
        'total': str(decimal.Decimal('0.1') + decimal.Decimal('0.2')),
    }
