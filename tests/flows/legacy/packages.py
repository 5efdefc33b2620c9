# expect: {"status": "ENDED_SUCCESS", "output": {"names": ["a", "b"], "year": 2019, "text": "Hello Ada", "hours": 1.0}}
import datetime

import pystache
import pytz
import yaml
from dateutil import parser


def handler(system, this):
    names = yaml.safe_load('- a\n- b\n')
    winter = pytz.timezone('Europe/Vienna').localize(datetime.datetime(2019, 1, 1))
    this.save(output_value={
        'names': names,
        'year': parser.parse('1 Feb 2019').year,
        'text': pystache.render('Hello {{name}}', {'name': 'Ada'}),
        'hours': winter.utcoffset().total_seconds() / 3600,
    })
    return this.success()
