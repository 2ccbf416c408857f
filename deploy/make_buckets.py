"""Makes the buckets that are missing on the S3 store of the environment: `make_buckets.py NAME...`."""

import os
import sys

import boto3

client = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
present = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
for name in sys.argv[1:]:
    if name not in present:
        client.create_bucket(Bucket=name)
