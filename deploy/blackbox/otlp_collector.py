"""A collector of traces for tests: takes OTLP over HTTP and writes each span as a line of JSON.

Usage: otlp_collector.py FILE [hang]
Prints the port on which it listens, of the loopback address. With `hang` it takes connections and
requests, and never answers one.

The protobuf is decoded here by the field numbers of opentelemetry/proto/trace/v1/trace.proto.
"""

import gzip
import http.server
import json
import sys
import threading


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Pairs of number and value of a message: numbers, or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            value, at = int.from_bytes(data[at : at + 8], "little"), at + 8
        elif kind == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        elif kind == 5:
            value, at = int.from_bytes(data[at : at + 4], "little"), at + 4
        else:
            raise ValueError(f"wire type {kind}")
        yield tag >> 3, value


def all_of(data, number):
    return [value for key, value in fields(data) if key == number]


def one(data, number, default):
    return next(iter(all_of(data, number)), default)


def attributes(data, number):
    found = {}
    for pair in all_of(data, number):
        value = one(pair, 2, b"")
        for kind, content in fields(value):
            found[one(pair, 1, b"").decode()] = content.decode() if kind == 1 else content
    return found


def span(data, resource):
    status = one(data, 15, b"")
    return {
        "resource": resource,
        "trace": one(data, 1, b"").hex(),
        "id": one(data, 2, b"").hex(),
        "parent": one(data, 4, b"").hex(),
        "name": one(data, 5, b"").decode(),
        "kind": one(data, 6, 0),
        "nanos": one(data, 8, 0) - one(data, 7, 0),
        "attributes": attributes(data, 9),
        "events": [one(event, 2, b"").decode() for event in all_of(data, 11)],
        "error": one(status, 3, 0) == 2,
        "message": one(status, 2, b"").decode(),
    }


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if hang:
            threading.Event().wait()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for batch in all_of(body, 1):
            resource = attributes(one(batch, 1, b""), 1)
            for scope in all_of(batch, 2):
                for each in all_of(scope, 2):
                    out.write(json.dumps(span(each, resource)) + "\n")
        out.flush()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


hang = sys.argv[2:] == ["hang"]
with open(sys.argv[1], "a", encoding="utf-8") as out:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()
