"""Makes the buckets and the tables where they are missing: `python -m atlasreg.setup`. Safe to run again."""

import pathlib

import psycopg

from atlasreg import store
from atlasreg.settings import get_settings

BUCKETS = (store.RAW, store.PROCESSED, "atlasreg-gold")


def main():
    settings = get_settings()
    client = store.client(settings)
    there = {one["Name"] for one in client.list_buckets()["Buckets"]}
    for bucket in BUCKETS:
        if bucket not in there:
            client.create_bucket(Bucket=bucket)
    with psycopg.connect(settings.database_url) as connection:
        connection.execute((pathlib.Path(__file__).parent.parent / "schema.sql").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
