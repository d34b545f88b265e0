#!/usr/bin/env bash
# Sends the entries of standard input, one in each line, and prints the result of each as soon as it is there.
# Usage: stream.sh <address> <idempotency key> < entries.ndjson
curl --silent --show-error --fail-with-body --no-buffer --request POST --upload-file - \
  --header 'Content-Type: application/x-ndjson' --header "Idempotency-Key: $2" "$1/stream"
