"""The address that the service listens to, taken before the models are opened: a port in use is found at once."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_WHY = {
    errno.EADDRINUSE: ("another program listens to it", "Choose another --port, or end that program."),
    errno.EACCES: ("it is the system's to give", "Choose a --port from 1024 on."),
    errno.EADDRNOTAVAIL: ("it is no address of this machine", "Choose another --host, such as 127.0.0.1."),
}


@contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """A socket for each address of a host, all of one port; port 0 stands for one that is free. Closed behind the block.

    Raises:
        ValueError: It cannot be listened to.
    """
    with ExitStack() as closing:
        made: list[socket.socket] = []
        try:
            for family, address in _addresses(host, port):
                same = made[0].getsockname()[1] if made else port
                made.append(closing.enter_context(socket.socket(family, socket.SOCK_STREAM)))
                _bind(made[-1], (address[0], same, *address[2:]))
        except OSError as error:
            raise _refused(host, port, error) from error
        yield made


def listen(sockets: Iterable[socket.socket], waiting: int) -> None:
    """Begin to listen; `waiting` connections may wait to be taken in.

    Raises:
        ValueError: Another program was faster.
    """
    for each in sockets:
        try:
            if os.name == "posix":  # the next start may take the port although connections of this one still wait there
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.listen(waiting)
        except OSError as error:
            host, taken = each.getsockname()[:2]
            raise _refused(host, taken, error) from error


def _refused(host: str, port: int, error: OSError) -> ValueError:
    why, remedy = _WHY.get(error.errno or 0, (error.strerror, "Choose another --host or --port."))
    return ValueError(f"Expected an address to listen to. Received {shown(host)}:{port}: {why}. {remedy}")


def _addresses(host: str, port: int) -> list[tuple[int, tuple[Any, ...]]]:
    """The family and the address of each."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def shown(host: str) -> str:
    """A host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def _bind(to: socket.socket, address: tuple[Any, ...]) -> None:
    if to.family == socket.AF_INET6:
        to.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        to.bind(address)
    except OSError as error:
        if os.name != "posix" or error.errno != errno.EADDRINUSE:
            raise
        # a port that was just given up may be taken again; said from the start, two programs could both bind one port
        to.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        to.bind(address)
    to.setblocking(False)
