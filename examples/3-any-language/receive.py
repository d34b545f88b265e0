from http.server import BaseHTTPRequestHandler, HTTPServer

class Billing(BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(204)
        self.end_headers()

HTTPServer(("127.0.0.1", 8080), Billing).serve_forever()
