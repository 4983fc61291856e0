"""Which local port a service gets."""

from __future__ import annotations

import socket

from hypothesis import given
from hypothesis import strategies as st

from krayne.tunnels.ports import candidates, is_free, local_port
from tests.tunnels.world import listening

text = st.text(min_size=1, max_size=40)


@given(text, text)
def test_a_clusters_other_ports_are_always_the_same_and_below_the_systems_own(identity: str, service: str) -> None:
    """They can be had by anybody, and the system gives none of them to outgoing connections."""
    first = list(candidates(identity, service, 8265))
    assert first == list(candidates(identity, service, 8265))
    assert first[0] == 8265
    assert all(20000 <= port < 32000 for port in first[1:])


def test_a_port_that_takes_privileges_is_not_tried() -> None:
    """SSH's own is not."""
    assert 22 not in list(candidates("x", "ssh", 22))


def test_the_well_known_port_comes_first_then_the_clusters_own_in_order() -> None:
    """What is taken or promised is passed over."""
    with listening() as known:
        own = [port for port in candidates("x", "y", known) if port != known and is_free(port)]
        assert local_port("x", "y", known) == own[0]
        assert local_port("x", "y", known, taken=own[:2]) == own[2]
    assert local_port("x", "y", known) == known


def test_no_port_is_invented_where_all_are_taken() -> None:
    """None, for the caller to say so."""
    assert local_port("x", "y", 8265, taken=range(65536)) is None


def test_a_port_is_taken_when_somebody_listens_on_it_on_either_loopback() -> None:
    """ "localhost" may mean ::1."""
    with listening() as port:
        assert not is_free(port)
    assert is_free(port)
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        return  # no IPv6 here
    with server:
        assert not is_free(server.getsockname()[1])
