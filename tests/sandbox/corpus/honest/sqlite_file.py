# call: f([1, 2, 3]) == 6
# verdict: pass
# cpu: 5
import sqlite3


def f(ns):
    with sqlite3.connect('here.db') as db:
        db.execute('create table t (n int)')
        db.executemany('insert into t values (?)', [(n,) for n in ns])
        return db.execute('select sum(n) from t').fetchone()[0]
