"""Host names under the test's control, through the C library's own resolver.

    with Names({"db.test": "127.0.0.1"}) as names:
        Sidecar(prefix=names.prefix, …)          # getaddrinfo() asks our small DNS server
        names.addresses["db.test"] = "127.0.0.2" # failover
        names.silent = True                      # queries are read and never answered

A private mount namespace puts our resolv.conf and nsswitch.conf over the system's; the DNS server
is a thread with a socket on port 53 of an unused loopback address. The resolver knows no other
port, so this needs root, or net.ipv4.ip_unprivileged_port_start of 53 or less.
"""

import socket
import struct
import threading

from support.namespaces import private_mounts
from support.processes import scratch_folder

NO_ERROR, NO_SUCH_NAME = 0, 3
TYPE_A, CLASS_IN = 1, 1


def _bind_port_53():
    """A UDP socket on port 53 of some loopback address that has none yet."""
    for last in range(1, 255):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            server.bind((f"127.77.53.{last}", 53))
            return server
        except PermissionError:
            server.close()
            raise AssertionError(
                "a DNS server of our own needs port 53: run these tests as root, or after"
                " sysctl net.ipv4.ip_unprivileged_port_start=53"
            ) from None
        except OSError:
            server.close()
    raise AssertionError("no loopback address with a free port 53")


def _question(query):
    """The name, the type and the bytes of the one question in a DNS query."""
    labels, place = [], 12
    while query[place]:
        length = query[place]
        labels.append(query[place + 1:place + 1 + length].decode("ascii"))
        place += 1 + length
    kind, = struct.unpack_from("!H", query, place + 1)
    return ".".join(labels).lower(), kind, query[12:place + 5]


def _answer(query, addresses):
    name, kind, question = _question(query)
    known = name in addresses
    records = b""
    if known and kind == TYPE_A:
        pointer_to_question = 0xC00C
        records = struct.pack("!HHHIH", pointer_to_question, TYPE_A, CLASS_IN, 0, 4)
        records += socket.inet_aton(addresses[name])
    flags = 0x8180 | (NO_ERROR if known else NO_SUCH_NAME)
    head = query[:2] + struct.pack("!HHHHH", flags, 1, 1 if records else 0, 0, 0)
    return head + question + records


class Names:
    """A DNS server that knows `addresses` (name -> IPv4) and nothing else."""

    def __init__(self, addresses):
        self.addresses = dict(addresses)
        self.silent = False
        self.queries = []  # names asked for, in order
        self._socket = _bind_port_53()
        self._folder = scratch_folder("names")
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def resolv_conf(self):
        """A file that names our server."""
        file = self._folder / "resolv.conf"
        file.write_text(f"nameserver {self._socket.getsockname()[0]}\n", encoding="ascii")
        return file

    @property
    def prefix(self):
        """Runs a program whose names are ours."""
        nsswitch = self._folder / "nsswitch.conf"
        nsswitch.write_text("passwd: files\ngroup: files\nhosts: files dns\n", encoding="ascii")
        return private_mounts((self.resolv_conf, "/etc/resolv.conf"), (nsswitch, "/etc/nsswitch.conf"))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())  # an empty one ends the thread
        self._thread.join(10)
        self._socket.close()

    def _serve(self):
        while True:
            query, client = self._socket.recvfrom(4096)
            if not query:
                return
            self.queries.append(_question(query)[0])
            if not self.silent:
                self._socket.sendto(_answer(query, self.addresses), client)
