"""The store's buckets: what spiders found, and what was made of it."""

import json

import boto3
import botocore.config

from atlasreg.settings import get_settings

RAW, PROCESSED = "raw-documents", "processed-data"


def client(settings=None):
    settings = settings or get_settings()
    key, secret = settings.store_key()
    return boto3.client(
        "s3", endpoint_url=settings.r2_endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
        region_name=settings.r2_region, config=botocore.config.Config(
            retries={"max_attempts": 4}, s3={"addressing_style": "path"},
            request_checksum_calculation="when_required", response_checksum_validation="when_required"))


def get(bucket, key):
    return json.loads(client().get_object(Bucket=bucket, Key=key)["Body"].read())


def put(bucket, key, value):
    client().put_object(
        Bucket=bucket, Key=key, Body=json.dumps(value, ensure_ascii=False).encode(), ContentType="application/json")
