"""A small mail server on a real socket: EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA; it keeps what it was sent."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class MailServer:
    """`mails` are the texts that came, each with whether it came under TLS; `answers` replace an answer by its verb."""

    port: int = 0
    mails: list[tuple[bytes, bool]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


@contextmanager
def serve_mail(certificate: tuple[Path, Path] | None = None) -> Iterator[MailServer]:
    """Yield a server on a free loopback port; with a certificate and its key it offers STARTTLS."""
    kept = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            talk(self, kept, certificate)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        kept.port = int(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="test-smtp", daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join(120)


def talk(peer: socketserver.StreamRequestHandler, kept: MailServer, certificate: tuple[Path, Path] | None) -> None:
    sock, reader, secure = peer.connection, peer.rfile, False

    def say(line: str) -> None:
        sock.sendall(f"{line}\r\n".encode())

    say("220 test ready")
    try:
        while line := reader.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb in kept.answers:
                say(kept.answers[verb])
            elif verb == "EHLO":
                say("250-test")
                say("250-AUTH PLAIN")
                say("250 STARTTLS" if certificate and not secure else "250 8BITMIME")
            elif verb == "STARTTLS" and certificate:
                say("220 go ahead")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*certificate)
                sock = context.wrap_socket(sock, server_side=True)
                reader, secure = sock.makefile("rb"), True
            elif verb == "AUTH":
                kept.logins.append(base64.b64decode(line.split(" ")[2]).decode().replace("\0", " ").strip())
                say("235 welcome")
            elif verb == "DATA":
                say("354 end with a dot")
                text = b""
                while (part := reader.readline()) not in (b".\r\n", b""):
                    text += part
                kept.mails.append((text, secure))
                say("250 kept")
            else:
                say("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    return
    except OSError:
        return
    finally:
        sock.close()
