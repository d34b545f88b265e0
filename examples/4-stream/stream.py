"""Sends the entries of standard input, one on each line, and prints the failed results and the last line.

Usage: python3 stream.py <host:port> <idempotency key> [first index] < entries.ndjson
"""
import http.client
import json
import os
import sys
import threading

if len(sys.argv) < 3 or not (sys.argv + ["0"])[3].isdecimal():
    sys.exit("Usage: python3 stream.py <host:port> <idempotency key> [first index]")
address, key, first = (sys.argv[1:] + ["0"])[:3]
connection = http.client.HTTPConnection(address)


def send():
    try:
        for line in sys.stdin.buffer:
            connection.send(b"%x\r\n%s\r\n" % (len(line), line))
        connection.send(b"0\r\n\r\n")
    except OSError:
        pass  # The loop below reports the broken connection.


following, end, status = int(first), {}, 0
try:
    connection.putrequest("POST", "/stream")
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key, "Message-First-Index": first}
    for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    # A thread sends the entries while the loop below reads the results. Otherwise both sides would wait for each other.
    threading.Thread(target=send, daemon=True).start()
    response = connection.getresponse()
    status = response.status
    for line in response:
        result = json.loads(line)
        if "index" in result:
            following = result["index"] + 1
        if result.get("notice") == "end":
            end = result
        elif "notice" not in result and result["status"] != 202:
            print(line.decode().rstrip(), flush=True)
except (OSError, http.client.HTTPException, ValueError) as error:
    print(f"The connection broke: {error!r}.", file=sys.stderr)
if end:
    print(json.dumps(end), flush=True)
if status >= 400:
    print(f"Nothing was sent: the gateway answered with {status}.", file=sys.stderr)
elif end.get("reason") != "complete":
    print(f"Resume from entry {following}, with the same key.", file=sys.stderr)
# `sys.exit` would abort the process while the thread reads standard input.
os._exit(0 if end.get("reason") == "complete" and end["failed"] == 0 else 1)
