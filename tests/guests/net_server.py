"""A web server on the loopback for a guest: /file is FOLDER/www/file, /ask
fetches the guest's own page through the forwarded port and returns it. Writes
its port and the one to forward to FOLDER/ports.

usage: net_server.py FOLDER"""
import http.server
import os
import socket
import sys
import urllib.request

folder = sys.argv[1]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    forward = probe.getsockname()[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/file":
            with open(os.path.join(folder, "www", "file"), "rb") as file:
                body = file.read()
        else:
            page = f"http://127.0.0.1:{forward}/"
            with urllib.request.urlopen(page, timeout=60) as answer:
                body = b"answer: " + answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "ports.new"), "w") as ports:
    print(server.server_port, forward, file=ports)
os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
server.serve_forever()
