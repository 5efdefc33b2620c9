# expect: {"status": "ENDED_SUCCESS", "output": {"dir": ["tree/a.txt", "tree/b/c.csv"], "glob": ["tree/b/c.csv"]}}
def handler(system, this, inputs):
    for name in ('tree/a.txt', 'tree/b/c.csv', 'treetop.txt'):
        system.file(name).save_text_content(name)
    return {
        'dir': [file.get('name') for file in system.files(dir='tree', order='name')],
        'glob': [file.get('name') for file in system.files(dir='tree', glob='*.csv')],
    }
