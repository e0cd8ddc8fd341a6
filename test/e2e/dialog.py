"""Runs a command on a pseudo-terminal of its own and answers its questions in turn (an empty answer only waits); prints all that it wrote.
A file named after an answer is made before that answer is given.

Usage: dialog.py ROWS COLUMNS '[["question", "answer", "file"?], …]' COMMAND…; ends with the command's status.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios

rows, columns, dialog, command = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    os.execvp(command[0], command)
said, seen = b'', 0
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
    # One part may hold several of them; what stands before a question is not looked at for the next one.
    while dialog and (found := said.find(dialog[0][0].encode(), seen)) >= 0:
        question, answer, *files = dialog.pop(0)
        for file in files:
            open(file, 'w').close()
        seen = found + len(question.encode())
        if answer:
            seen = len(said)
            os.write(terminal, answer.encode())
            break
if dialog:
    said += ('\nnever asked: %s' % dialog[0][0]).encode()
    os.kill(pid, 9)
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
