"""Prints a gold file for a person: one line an event, one line an error."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    gold = json.load(file)
for event in gold["events"]:
    amount = f"R$ {event['amount']:,.2f}" if "amount" in event else ""
    print(f"{event['event_type']:<10} {event.get('company', {}).get('name', '')[:40]:<40} {amount:>22}  {event['source']}")
for error in gold["errors"]:
    print(f"error      {error['source_id']}: {error['error_message']}")
