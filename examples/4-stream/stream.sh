#!/usr/bin/env bash
# Sends the entries of standard input, one on each line, and prints each result as soon as it arrives.
# Usage: stream.sh <address> <idempotency key> < entries.ndjson
curl --silent --show-error --fail-with-body --no-buffer --request POST --upload-file - \
  --header 'Content-Type: application/x-ndjson' --header "Idempotency-Key: $2" "$1/stream"
