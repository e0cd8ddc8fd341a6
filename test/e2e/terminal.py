"""Runs a command on a pseudo-terminal of its own, answers its question, and prints all that it wrote.

Usage: terminal.py QUESTION ANSWER COMMAND…; ends with the command's status.
"""
import os
import pty
import select
import struct
import sys
import fcntl
import termios

question, answer, command = sys.argv[1].encode(), sys.argv[2].encode().decode('unicode_escape').encode(), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 120, 0, 0))
said, asked = b'', False
while True:
    ready, _, _ = select.select([terminal], [], [], 60)
    if not ready:
        break
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    said += part
    if not asked and question and question in said:
        asked = True
        os.write(terminal, answer)
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(status))
