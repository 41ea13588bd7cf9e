"""A FastCGI server for tests of nginx alone: answers as it is told.

    with Stub(path) as stub:
        stub.answer = lambda params, body: b"Status: 200\\r\\n\\r\\n{}"
        ...
        stub.requests       # [(params, body)], as they came

An answer of None closes the connection without a word, as a worker does
that dies.
"""

import os
import socket
import struct
import threading

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT = 1, 2, 3, 4, 5, 6
KEEP_CONN = 1


def _read(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _record(connection):
    """One record: its type and content."""
    _, kind, _, length, padding, _ = struct.unpack(
        ">BBHHBB", _read(connection, 8))
    content = _read(connection, length)
    _read(connection, padding)
    return kind, content


def _pairs(data):
    """The name-value pairs of the parameter stream."""
    pairs, at = {}, 0
    while at < len(data):
        lengths = []
        for _ in range(2):
            if data[at] < 128:
                lengths.append(data[at])
                at += 1
            else:
                lengths.append(
                    struct.unpack_from(">I", data, at)[0] & 0x7fffffff)
                at += 4
        name = data[at:at + lengths[0]].decode()
        at += lengths[0]
        pairs[name] = data[at:at + lengths[1]].decode("utf-8", "replace")
        at += lengths[1]
    return pairs


def _send(connection, kind, content):
    """Content as records, of at most 32 KiB each."""
    for at in range(0, max(len(content), 1), 32768):
        piece = content[at:at + 32768]
        connection.sendall(
            struct.pack(">BBHHBB", 1, kind, 1, len(piece), 0, 0) + piece)


class Stub:
    def __init__(self, path):
        self.path = path
        self.requests = []
        self.keep_conn = []
        self.answer = lambda params, body: (
            b"Content-Type: application/json\r\n\r\n{}")

    def __enter__(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception):
        # shutdown wakes the thread in accept, close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,),
                             daemon=True).start()

    def _serve(self, connection):
        params = body = b""
        with connection:
            try:
                while True:
                    kind, content = _record(connection)
                    if kind == BEGIN:
                        self.keep_conn.append(bool(content[2] & KEEP_CONN))
                    elif kind == PARAMS:
                        params += content
                    elif kind == STDIN and content:
                        body += content
                    elif kind == STDIN:
                        break
                params = _pairs(params)
                self.requests.append((params, body))
                answer = self.answer(params, body)
                if answer is not None:
                    _send(connection, STDOUT, answer)
                    _send(connection, STDOUT, b"")
                    _send(connection, END, bytes(8))
            except (EOFError, OSError):
                pass
