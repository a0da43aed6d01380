# SPDX-License-Identifier: Apache-2.0
"""The name service of the tests' cluster: answers NAME.NAMESPACE.svc.cluster.local with the address of that Service, and
says of all else that it does not exist (RFC 1035, over UDP). Used by node.py, whose Pods ask it."""

import socket
import struct
import threading

_SUFFIX = ["svc", "cluster", "local"]
_A, _IN = 1, 1  # types and classes of RFC 1035, section 3.2
_RESPONSE = 0x8580  # an authoritative answer with recursion
_NO_SUCH_NAME = 3


class NameServer:
    """Answers on port 53 of this address from construction on. `find(namespace, name)` returns the address of a Service,
    or None."""

    def __init__(self, address, find):
        self._find = find
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            query, sender = self._socket.recvfrom(512)
            if not query:  # from `stop`
                return
            self._socket.sendto(self._answer(query), sender)

    def _answer(self, query):
        labels, position = [], 12  # after the header
        while length := query[position]:
            labels.append(query[position + 1:position + 1 + length].decode().lower())
            position += 1 + length
        question = query[12:position + 5]
        wanted_type, = struct.unpack_from(">H", query, position + 1)
        address = self._find(labels[1], labels[0]) if len(labels) == 5 and labels[2:] == _SUFFIX else None
        answer = b""
        if address and wanted_type == _A:
            # 0xc00c: the name of the question; 5 seconds; 4 bytes.
            answer = struct.pack(">HHHIH", 0xc00c, _A, _IN, 5, 4) + socket.inet_aton(address)
        flags = _RESPONSE | (0 if address else _NO_SUCH_NAME)
        return query[:2] + struct.pack(">HHHHH", flags, 1, 1 if answer else 0, 0, 0) + question + answer
