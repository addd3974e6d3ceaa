import ssl

import pytest
from support.listeners import answering, http

from amp_addons.doctor.network import trusting
from amp_addons.doctor.wire import Answer, Refused, Way, ask, connected, head, some_body, tunnelled
from amp_addons.sim import SimulatedAmp


async def answer(data):
    async with answering(data) as port, connected(Way(port)) as (reader, writer):
        await ask(writer, "GET", "http://x/", "x", {})
        found = await head(reader)
        return found, await some_body(reader, found)


async def test_a_tunnel_with_tls():
    async with SimulatedAmp() as sim:
        context = trusting([sim.ca_path])
        async with tunnelled(Way(sim.port, "Basic xyz"), "ampcode.com", 443, context) as (reader, writer):
            await ask(writer, "GET", "/api/user", "ampcode.com", {"Connection": "close"})
            assert (await head(reader)).status == 200
        [request] = sim.requests
        assert (request.sni, request.header("proxy-authorization")) == ("ampcode.com", None)


async def test_who_is_not_trusted_is_told_nothing():
    async with SimulatedAmp() as sim:
        with pytest.raises(ssl.SSLCertVerificationError):
            async with tunnelled(Way(sim.port), "ampcode.com", 443, trusting([])):
                pass
        assert sim.requests == []


async def test_a_refusal_has_its_body():
    async with answering(http(407, b"who are you?", Server="mitmproxy 12")) as port:
        with pytest.raises(Refused) as error:
            async with tunnelled(Way(port), "::1", 443, trusting([])):
                pass
    assert (error.value.answer.status, error.value.answer.body, error.value.answer.by_mitmproxy) == (407, b"who are you?", True)


async def test_heads_and_bodies():
    assert await answer(http(200, b"abc", X="1")) == (Answer(200, {"content-length": "3", "x": "1"}), b"abc")
    assert (await answer(b"HTTP/1.1 204 Ok\r\n\r\n"))[1] == b""
    assert (await answer(b"HTTP/1.1 200 Ok\r\nContent-Length: 9\r\n\r\nabc"))[1] == b""


@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n", b"220 mail\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"x" * 200_000, b"HTTP/2 200\r\n\r\n"])
async def test_what_is_not_http(data):
    with pytest.raises(ValueError):
        await answer(data)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 O"])
async def test_a_connection_that_ends(data):
    with pytest.raises(ConnectionResetError):
        await answer(data)
