#!/usr/bin/env python3
"""A proxy in front of a registry that spoils the bodies of layers.

usage: faulty_registry.py FAULT REGISTRY ADDRESS
           corrupt   every layer has one byte changed
           cut       every layer's connection is closed half way
           cut-once  the first transfer of each layer is closed half way
           hang      every layer's transfer stops half way, and the connection stays open
"""

import http.server
import sys
import threading
import urllib.error
import urllib.request

LARGE = 100_000


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fault = ""
    upstream = ""
    seen = set()
    stop = threading.Event()

    def do_HEAD(self):
        self.pass_on("HEAD")

    def do_GET(self):
        self.pass_on("GET")

    def pass_on(self, method):
        wanted = {
            name: value
            for name, value in self.headers.items()
            if name.lower() in ("accept", "range")
        }
        request = urllib.request.Request(
            f"http://{self.upstream}{self.path}", headers=wanted, method=method
        )
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
        if method == "GET":
            self.send_body(body)

    def send_body(self, body):
        if len(body) < LARGE or "/blobs/" not in self.path:
            self.wfile.write(body)
        elif self.fault == "corrupt":
            middle = len(body) // 2
            self.wfile.write(body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :])
        elif self.fault == "cut-once" and self.path in self.seen:
            self.wfile.write(body)
        else:
            self.seen.add(self.path)
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if self.fault == "hang":
                self.stop.wait(300)
            self.close_connection = True


def main(arguments):
    Proxy.fault, Proxy.upstream, address = arguments
    host, port = address.split(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), Proxy)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
