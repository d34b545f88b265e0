#!/usr/bin/env bash
# Sends the entries of standard input, one on each line, and prints each result as soon as it arrives. Exits with 0 only
# if the broker has confirmed all entries.
# Usage: stream.sh <address> <idempotency key> < entries.ndjson
key=${2:?'Usage: stream.sh <address> <idempotency key> < entries.ndjson'}
curl --silent --show-error --fail-with-body --no-buffer --request POST --upload-file - \
  --header 'Content-Type: application/x-ndjson' --header "Idempotency-Key: $key" "$1/stream" | {
  while IFS= read -r line || [[ $line ]]; do
    printf '%s\n' "$line"
    last=$line
  done
  [[ $last == *'"reason":"complete"'* && $last == *'"failed":0'[,}]* ]]
}
