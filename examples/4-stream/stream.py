"""Sends the entries of standard input, one on each line, and prints the failed results and the last line.

Usage: python3 stream.py <host:port> <idempotency key> [first index] < entries.ndjson
"""
import http.client
import json
import sys
import threading

address, key, first = (sys.argv[1:] + ["0"])[:3]
connection = http.client.HTTPConnection(address)
connection.putrequest("POST", "/stream")
headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key, "Message-First-Index": first}
for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
    connection.putheader(name, value)
connection.endheaders()


def send():
    for line in sys.stdin.buffer:
        connection.send(b"%x\r\n%s\r\n" % (len(line), line))
    connection.send(b"0\r\n\r\n")


# A thread sends the entries while the loop below reads the results. Otherwise both sides would wait for each other.
threading.Thread(target=send, daemon=True).start()
last = {}
for line in connection.getresponse():
    last = json.loads(line)
    if "notice" not in last and last["status"] != 202:
        print(line.decode().rstrip())
print(json.dumps(last))
sys.exit(0 if last.get("reason") == "complete" and last["failed"] == 0 else 1)
