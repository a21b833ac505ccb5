"""Runs a program in a pseudo-terminal of 100 × 30, types keys, and tells what it wrote.

usage: browse.py KEYS END PROGRAM ARG…     END: q (leave) | TERM (send the signal) | HUP
Prints JSON: entered and left the other screen, terminal restored, exit status, and all that was written.
"""
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

keys, end, program = sys.argv[1], sys.argv[2], sys.argv[3:]
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.environ["TERM"] = "xterm-256color"
    os.execv(program[0], program)

seen = b""


def read(seconds, until=None):
    global seen
    stop = time.time() + seconds
    while time.time() < stop and not (until and until in seen):
        ready, _, _ = select.select([master], [], [], 0.05)
        if ready:
            seen += os.read(master, 65536)


read(60, b"\x1b[?1049h")
read(1)
raw = termios.tcgetattr(slave)[3] & termios.ICANON == 0
for key in keys.encode().decode("unicode_escape"):
    os.write(master, key.encode())
    read(0.3)
if end == "q":
    os.write(master, b"q")
else:
    os.kill(child, getattr(signal, "SIG" + end))
stop = time.time() + 30
status = None
while time.time() < stop:
    read(0.1)
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        break
else:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    status = None
read(0.2)
print(json.dumps({
    "entered": b"\x1b[?1049h" in seen,
    "left": b"\x1b[?1049l" in seen and b"\x1b[?25h" in seen,
    "raw": raw,
    "restored": termios.tcgetattr(slave) == before,
    "status": os.waitstatus_to_exitcode(status) if status is not None else None,
    "text": seen.decode(errors="replace"),
}))
