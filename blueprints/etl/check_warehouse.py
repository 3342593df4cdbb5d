"""Compares the warehouse with what the site offered, row by row; exits 1 where they differ.

  check_warehouse.py SITE WAREHOUSE ACCOUNT START END
"""

import decimal
import json
import sqlite3
import sys
import urllib.parse
import urllib.request

site, warehouse, account, start, end = sys.argv[1:]
query = urllib.parse.urlencode({"account": account, "start": start, "end": end})
with urllib.request.urlopen(f"{site}/__truth?{query}", timeout=30) as answer:
    offered = [tuple(row) for row in json.load(answer)]
database = sqlite3.connect(f"file:{warehouse}?mode=ro", uri=True)
part = f"{account}/{end}"
# An empty text and no value are the same for a warehouse that keeps neither.
loaded = [tuple(cell or None for cell in row) for row in database.execute(
    "SELECT account, date, asset, class, quantity, price, value, maturity FROM positions WHERE part = ?", (part,))]
total = {}
for row in offered:
    count, value = total.get(row[1], (0, decimal.Decimal(0)))
    total[row[1]] = count + 1, value + decimal.Decimal(row[6])
statements = {day: (int(count), decimal.Decimal(value)) for day, count, value in database.execute(
    "SELECT date, positions, total FROM statements WHERE part = ?", (part,))}
if not offered:
    sys.exit("the site offered nothing")
if sorted(loaded, key=str) != sorted(offered, key=str):
    odd = set(loaded) ^ set(offered)
    sys.exit(f"{len(loaded)} rows are loaded and {len(offered)} were offered; {len(odd)} differ: {sorted(odd, key=str)[:2]}")
if statements != total:
    sys.exit(f"the statements say {statements}, the positions {total}")
for day, (count, value) in sorted(total.items()):
    print(f"{day}  {account}  {count} positions  R$ {value:,.2f}")
print(f"the {len(loaded)} rows of {part} are what the site offered, and its {len(statements)} statements agree")
