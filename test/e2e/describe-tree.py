"""Prints every path below a folder as one JSON line with its content's hash and all metadata.

An oracle of its own: nothing of Holdfast is used. Names are bytes; those that are no UTF-8 stand as lone surrogates.
"""
import hashlib
import json
import os
import stat
import sys

KINDS = [(stat.S_ISREG, 'file'), (stat.S_ISDIR, 'dir'), (stat.S_ISLNK, 'symlink'), (stat.S_ISFIFO, 'fifo'),
         (stat.S_ISSOCK, 'socket'), (stat.S_ISCHR, 'char'), (stat.S_ISBLK, 'block')]


def content(path, size):
    digest = hashlib.sha256()
    ranges = []
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        while block := os.read(fd, 1 << 20):
            digest.update(block)
        at = 0
        while at < size:
            try:
                start = os.lseek(fd, at, os.SEEK_DATA)
            except OSError:
                break
            at = os.lseek(fd, start, os.SEEK_HOLE)
            ranges.append([start, at])
    finally:
        os.close(fd)
    return digest.hexdigest(), ranges


def describe(root, path, first_names):
    whole = os.path.join(root, path)
    info = os.lstat(whole)
    line = {
        'path': os.fsdecode(path), 'kind': next(name for test, name in KINDS if test(info.st_mode)),
        'mode': oct(stat.S_IMODE(info.st_mode)), 'uid': info.st_uid, 'gid': info.st_gid, 'mtimeNs': str(info.st_mtime_ns),
        'xattrs': {name: os.getxattr(whole, name, follow_symlinks=False).hex() for name in sorted(os.listxattr(whole, follow_symlinks=False))},
    }
    if stat.S_ISREG(info.st_mode):
        line['size'] = info.st_size
        line['sha256'], line['data'] = content(whole, info.st_size)
    if stat.S_ISLNK(info.st_mode):
        line['target'] = os.fsdecode(os.readlink(whole))
    if stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
        line['device'] = [os.major(info.st_rdev), os.minor(info.st_rdev)]
    if not stat.S_ISDIR(info.st_mode) and info.st_nlink > 1:
        line['sameAs'] = os.fsdecode(first_names.setdefault((info.st_dev, info.st_ino), path))
    print(json.dumps(line))


def main(root):
    paths = [b'.']
    for folder, folders, files in os.walk(root):
        paths += [os.path.relpath(os.path.join(folder, name), root) for name in folders + files]
    first_names = {}
    for path in sorted(paths):
        describe(root, path, first_names)


main(os.fsencode(sys.argv[1]))
