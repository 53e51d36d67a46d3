"""A program on a terminal of its own: what it writes, byte for byte, and what stands there then."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading

from support.processes import guarded
from support.sidecar import command_line, environment
from support.waiting import wait_until

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    """Runs `schemalatch ARGUMENTS` with all three streams on a terminal of so many columns."""

    def __init__(self, *arguments, config=None, columns=80, env=None):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        line = guarded(command_line(*arguments, config=config))
        self.process = subprocess.Popen(
            line, stdin=theirs, stdout=theirs, stderr=theirs, cwd="/", start_new_session=True,
            env=environment({"TERM": "xterm-256color", **(env or {})}))
        os.close(theirs)
        self.raw = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        os.close(self.ours)

    def _read(self):
        while True:
            try:
                data = os.read(self.ours, 4096)
            except OSError:  # nobody holds the other end any more
                return
            self.raw += data.decode("utf-8")

    def wait(self):
        """The exit code, once all is read."""
        code = self.process.wait(60)
        self._reader.join(10)
        return code

    def wait_text(self, text):
        wait_until(lambda: text in self.raw, what=lambda: f"{text!r} in {self.raw!r}")

    def drawn(self):
        """What was drawn in place, one after the other, without colours."""
        found = re.findall(r"\r\x1b\[K([^\r\n]*)", self.raw)
        return [ESCAPE.sub("", line) for line in found if line]

    def lines(self):
        """What stands there: each line as it was left, without colours."""
        lines = self.raw.replace("\r\n", "\n").split("\n")
        return [ESCAPE.sub("", line.rpartition("\r\x1b[K")[2]) for line in lines]
