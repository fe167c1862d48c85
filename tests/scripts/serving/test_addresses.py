"""Addresses: a port in use and a host that is none are told in words; another start takes the port that was given up."""

import socket

import pytest

from featurelens.scripts.cli import main
from featurelens.scripts.serving.connections.addresses import bound


def test_a_port_is_found_taken_and_taken_again():
    with bound("127.0.0.1", 0) as [first]:
        first.listen()
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
