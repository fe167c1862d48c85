"""Connections are taken in by a thread of their own, whatever the event loop is doing."""

from __future__ import annotations

import asyncio
import socket

from waiting import PATIENCE

from featurelens.scripts.serving.connections.doorman import Doorman


class Greeting(asyncio.Protocol):
    """Says a word, and remembers that it was there."""

    made: list[Greeting] = []  # noqa: RUF012 - counted by the test

    def connection_made(self, transport):
        self.made.append(self)
        self.transport = transport
        transport.write(b"hello")

    def data_received(self, data):
        pass


async def all_gone(count):
    """So many were taken in; their connections are closed here too, whatever of the clients' farewells has come by now."""
    async with asyncio.timeout(PATIENCE):
        while len(Greeting.made) < count:
            await asyncio.sleep(0.001)
    for each in Greeting.made:
        each.transport.abort()
    await asyncio.sleep(0.001)


def listening() -> socket.socket:
    found = socket.create_server(("127.0.0.1", 0), backlog=512)
    found.setblocking(False)
    return found


def test_everybody_at_the_door_is_taken_in():
    async def main():
        door = listening()  # no server of the loop's own accepts here
        doorman = Doorman(asyncio.get_running_loop(), [door], Greeting)
        clients = [await asyncio.open_connection(*door.getsockname()) for _ in range(200)]
        words = [await asyncio.wait_for(reader.readexactly(5), PATIENCE) for reader, _ in clients]
        for _, writer in clients:
            writer.close()
        doorman.close()
        await all_gone(200)
        door.close()
        return words

    Greeting.made.clear()
    assert asyncio.run(main()) == [b"hello"] * 200 and len(Greeting.made) == 200


def test_nobody_is_taken_in_once_it_is_closed():
    async def main():
        door = listening()
        doorman = Doorman(asyncio.get_running_loop(), [door], Greeting)
        doorman.close()
        _, writer = await asyncio.open_connection(*door.getsockname())  # the system completes it, nobody answers
        await asyncio.sleep(0.05)
        writer.close()
        door.close()

    Greeting.made.clear()
    asyncio.run(main())
    assert not Greeting.made


def test_a_client_that_left_at_once_harms_nobody():
    async def main():
        door = listening()
        doorman = Doorman(asyncio.get_running_loop(), [door], Greeting)
        for _ in range(20):
            gone = socket.create_connection(door.getsockname())
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            gone.close()
        reader, writer = await asyncio.open_connection(*door.getsockname())
        word = await asyncio.wait_for(reader.readexactly(5), PATIENCE)
        writer.close()
        doorman.close()
        await all_gone(1)
        door.close()
        return word

    Greeting.made.clear()
    assert asyncio.run(main()) == b"hello"
