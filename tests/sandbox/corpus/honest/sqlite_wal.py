# call: f() == "wal"
# verdict: pass
# cpu: 5
import sqlite3


def f():
    db = sqlite3.connect('wal.db')
    mode = db.execute('pragma journal_mode=wal').fetchone()[0]
    db.execute('create table t (n int)')
    db.commit()
    db.close()
    return mode
