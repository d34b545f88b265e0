import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen


class Billing(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Message-Attempt"] == "1":
            return self.answer(500)  # As if the database were away: littoral posts the message again.
        if self.path == "/events/billing.detailsWereChanged":
            executor = self.headers["Message-Header-Executor-Id"]
            print(f"{executor} changed the details of person {body['personId']}", flush=True)
        else:
            print(f"person {body['personId']} now has the billing details {body['billingDetails']}", flush=True)
            self.publish("billing.detailsWereChanged", {"personId": body["personId"]})
        self.answer(204)

    def publish(self, routing_key, event):
        # Message-Parent-Id: the event inherits the headers of the command. An error of urlopen ends the attempt.
        headers = {"Content-Type": "application/json", "Message-Parent-Id": self.headers["Message-Id"]}
        urlopen(Request(f"http://127.0.0.1:3000/events/{routing_key}", json.dumps(event).encode(), headers)).close()

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", 8080), Billing).serve_forever()
