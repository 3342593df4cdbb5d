"""Holds the write lock of an SQLite file until it is ended: the other writer, of whom a demonstration has need."""

import signal
import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print(f"locked {sys.argv[1]}", flush=True)
signal.sigwait({signal.SIGTERM, signal.SIGINT})
connection.close()
