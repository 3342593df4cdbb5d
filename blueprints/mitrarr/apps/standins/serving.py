"""What the stand-ins share: an HTTP server on a port of its own that says its address and ends when asked."""
import http.server
import json
import os
import signal
import sys
import threading
import urllib.parse
from typing import Any, NoReturn

LONGEST_BODY = 16 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    """JSON in and out."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    @property
    def split(self) -> urllib.parse.SplitResult:
        """The path with its query."""
        return urllib.parse.urlsplit(self.path)

    @property
    def query(self) -> dict[str, str]:
        """The query, each name once."""
        return dict(urllib.parse.parse_qsl(self.split.query, keep_blank_values=True))

    def body(self) -> Any:
        """The request's JSON; None where there is none that can be read."""
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY:
            return None
        try:
            return json.loads(self.rfile.read(length) or b"null")
        except ValueError:
            return None

    def answer(self, status: int, value: object, **headers: str) -> None:
        """Sends JSON."""
        content = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """One line on standard error."""
        sys.stderr.write(f"{self.log_date_time_string()} {format % arguments}\n")


class Server(http.server.ThreadingHTTPServer):
    """One thread a request; its state is behind one lock."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[Handler], port: int, state: Any) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.state = state
        self.lock = threading.Lock()


def serve(server: Server, port_file: str | None) -> NoReturn:
    """Says the address, and serves until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Whoever starts this may have blocked the signal, and a child inherits that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    if port_file:
        with open(f"{port_file}.new", "w", encoding="utf-8") as file:
            file.write(f"{server.server_port}\n")
        os.replace(f"{port_file}.new", port_file)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    sys.exit(0)
