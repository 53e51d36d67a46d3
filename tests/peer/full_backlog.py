"""A server whose queue of connections is full: the kernel drops what else comes, so a client waits
for an answer to its very first packet."""

import contextlib
import socket
import threading


class FullBacklog:
    """Listens on a free port of loopback; `empty` lets all in who wait, and later ones."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = self.listener.getsockname()[1]
        self.occupants = [self._knock() for _ in range(4)]
        self.accepted = []
        self.thread = None

    def _knock(self):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", self.port))
        return client

    def empty(self):
        """From now on each connection is accepted, and stays silent."""
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                self.accepted.append(self.listener.accept()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        for each in [self.listener, *self.occupants, *self.accepted]:
            each.close()
