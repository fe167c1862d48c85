"""Addresses: a port in use and a host that is none are told in words; another start takes the port that was given up."""

import socket

import pytest

from featurelens.scripts.cli import main
from featurelens.scripts.serving.connections.addresses import bound, listen


def test_a_port_is_found_taken_and_taken_again():
    with bound("127.0.0.1", 0) as [first]:
        listen([first], 1)
        port = first.getsockname()[1]
        with pytest.raises(ValueError, match=rf"127.0.0.1:{port}: another program listens to it.*another --port"):
            bound("127.0.0.1", port).__enter__()
        client = socket.create_connection(("127.0.0.1", port))
        first.accept()[0].close()  # who closes first keeps the port waiting, if it is not said that it may be taken
        client.close()
    with bound("127.0.0.1", port) as [again]:
        assert again.getsockname()[1] == port


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])  # 192.0.2.0/24 is nobody's
def test_a_host_that_is_none(host):
    with pytest.raises(ValueError, match=r"Expected an address.* Choose another --host"):
        bound(host, 0).__enter__()


def test_the_command_says_it_before_a_model_is_opened(capsys):
    with bound("127.0.0.1", 0) as [taken]:
        taken.listen()
        with pytest.raises(SystemExit) as stopped:
            main(["serve", "--port", str(taken.getsockname()[1])])
    said = capsys.readouterr().err
    assert stopped.value.code == 1 and "another program listens" in said and "Serving" not in said


def test_of_two_that_start_together_the_second_is_told_before_a_model_is_opened():
    """Neither listens yet, as while models are opened."""
    with bound("127.0.0.1", 0) as [first], pytest.raises(ValueError, match=r"another program listens to it"):
        bound("127.0.0.1", first.getsockname()[1]).__enter__()


def test_who_is_slower_to_listen_is_told_in_words():
    """Both took the port while connections of an earlier service waited there."""
    with socket.socket() as fast, socket.socket() as slow:
        for each in (fast, slow):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(fast.getsockname() if each is slow else ("127.0.0.1", 0))
        listen([fast], 1)
        with pytest.raises(ValueError, match=r"another program listens to it.*another --port"):
            listen([slow], 1)
