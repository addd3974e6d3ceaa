"""`amp-addons exec`: real runtimes as its children, behind a company's proxy, with traps in their environment."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from e2e.runtimes import IS_LINUX_X64, PACKAGES, PROGRAMS
from support.issued import issued
from support.proxy import ROOT, bare_before, listens, until

from amp_addons.sim import simulator

pytestmark = pytest.mark.e2e

EXEC = [sys.executable, "-P", "-m", "amp_addons", "exec"]
JS = """
const answer = await fetch('https://ampcode.com/api/user?from=' + process.argv[2], {headers: {authorization: 'Bearer x'}});
console.log(answer.status);
"""
PY = """
import sys, urllib.request
with urllib.request.urlopen("https://ampcode.com/api/user?from=" + sys.argv[1]) as answer:
    print(answer.status)
"""
GIT = r"""
import os, socket, ssl, sys, urllib.parse
proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
with socket.create_connection((proxy.hostname, proxy.port)) as plain:
    plain.sendall(b"CONNECT git.example:443 HTTP/1.1\r\nHost: git.example:443\r\n\r\n")
    plain.recv(4096)
    with ssl.create_default_context(cafile=sys.argv[1]).wrap_socket(plain, server_hostname="git.example") as secured:
        print(secured.version())
"""
REVERSE = """
import os, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(os.environ["AMP_URL"], direct.open(os.environ["AMP_URL"] + "/api/user").status)
"""


@pytest.fixture(scope="module")
def corp():
    """The simulated service stands for a company's proxy, and for whatever is behind it."""
    with simulator() as sim:
        yield sim


@pytest.fixture(scope="module")
def inspecting(corp):
    """A company's proxy that decrypts with an authority of its own: a second mitmproxy."""
    with bare_before(corp) as proxy:
        yield proxy


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "a home with spaces"
    folder.mkdir()
    (folder / "client.mjs").write_text(JS)
    (folder / "client.py").write_text(PY)
    return folder


def environ(corp, home, **more):
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "XDG_CACHE_HOME")}
    return {**kept, "HOME": str(home), "HTTPS_PROXY": corp.proxy_url, "NODE_EXTRA_CA_CERTS": str(corp.ca_path), **more}


def client(runtime, home, name):
    programs = {"python": sys.executable, **{each: str(PACKAGES / path) for each, path in PROGRAMS.items()}}
    return [programs[runtime], str(home / ("client.py" if runtime == "python" else "client.mjs")), name]


def test_every_runtime_goes_through_and_the_company_s_proxy_is_behind(corp, inspecting, home):
    """At once, each with a proxy of its own, whose CA is trusted beside the company's."""
    company = {"HTTPS_PROXY": inspecting.url, "NODE_EXTRA_CA_CERTS": str(inspecting.ca), "NO_PROXY": "10.0.0.0/8,.intern"}
    running = {
        runtime: subprocess.Popen(
            [*EXEC, "--", *client(runtime, home, runtime)],
            env=environ(corp, home, **company), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for runtime in ("node", "bun", "python")
    }  # fmt: skip
    for runtime, process in running.items():
        out, err = process.communicate(timeout=120)
        assert (out, process.returncode) == ("200\n", 0), (runtime, err)
        assert "user.get" in err and "what passed is in" in err
        [asked] = [request for request in corp.requests if request.query.get("from") == [runtime]]
        assert asked.tunnel == "ampcode.com:443"
    state = home / ".local" / "state" / "amp-addons"
    assert not list((state / "trust").glob("exec-*")), "certificates of ended clients stay"
    assert {path.stat().st_mode & 0o777 for path in state.rglob("*") if path.is_file()} == {0o600}


def test_no_proxy_does_not_keep_amp_from_the_proxy(home):
    with simulator() as amp:
        program = "import os, urllib.request; print(urllib.request.urlopen(os.environ['AMP_URL'] + '/api/user').status)"
        trap = {"AMP_URL": amp.url, "HTTPS_PROXY": "", "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "*"}
        command = [*EXEC, "--", sys.executable, "-c", program]
        done = subprocess.run(command, env=environ(amp, home, **trap), capture_output=True, text=True, timeout=60)
        assert done.stdout == "200\n" and "user.get" in done.stderr, done.stderr


def test_streams_arguments_and_status_are_the_command_s_own(corp, home):
    script = 'read line; printf \'%s|\' "$line" "$@"; echo problem >&2; exit 7'
    command = [*EXEC, "-q", "--", "sh", "-c", script, "sh", "--quiet", "a b"]
    done = subprocess.run(command, env=environ(corp, home), input="hello\n", capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("hello|--quiet|a b|", "problem\n", 7)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_reach_the_command_and_its_end_is_exec_s(corp, home, number):
    script = f"trap 'echo caught; exit 3' {number.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen([*EXEC, "-q", "--", "sh", "-c", script], env=environ(corp, home), stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert (process.communicate(timeout=60)[0], process.returncode) == ("caught\n", 3)


def test_a_command_that_a_signal_ends_ends_exec_by_it(corp, home):
    done = subprocess.run([*EXEC, "-q", "--", "sh", "-c", "kill -TERM $$"], env=environ(corp, home), timeout=60, check=False)
    assert done.returncode == -signal.SIGTERM


def test_the_proxy_is_gone_when_exec_is_killed(corp, home):
    process = subprocess.Popen(
        [*EXEC, "-q", "--", "sh", "-c", "echo $$ $HTTPS_PROXY; exec sleep 60"], env=environ(corp, home), stdout=subprocess.PIPE, text=True
    )
    child, proxy = process.stdout.readline().split()
    port = int(proxy.rpartition(":")[2])
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not listens(port), what="the proxy's end")
    os.kill(int(child), signal.SIGTERM)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--", "no-such-program"], 127, "found no program 'no-such-program'"),
        ([], 2, "Missing argument"),
        (["--set", "amp_display=sometimes", "--", "true"], 1, "expected one of auto, live"),
        (["--rules", "none.yaml", "--", "true"], 1, "none.yaml"),
        (["--ui", "web", "--set", "web_port=1", "--set", "web_host=192.0.2.1", "--", "true"], 1, "failed to listen on 192.0.2.1:1"),
        (["--set", "upstream_cert=maybe", "--", "true"], 1, 'boolean must be "true", "false"'),
        (["--set", "amp_dispaly=off", "--", "true"], 1, "Did you mean"),
        (["--set", "http3=false", "--set", "htpt2=false", "--", "true"], 1, "found the option htpt2"),
        (["--set", "amp_events=-", "--", "true"], 2, "expected a file: standard output is the command's"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(corp, home, arguments, code, said):
    done = subprocess.run([*EXEC, *arguments], env=environ(corp, home), cwd=home, capture_output=True, text=True, timeout=60)
    assert done.returncode == code and said.lower() in done.stderr.lower() and "Traceback" not in done.stderr


def test_a_client_that_made_no_request_is_told_why_that_may_be(corp, home):
    done = subprocess.run([*EXEC, "--", "true"], env=environ(corp, home), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "no request came through the proxy" in done.stderr and "--reverse" in done.stderr


def test_events_may_be_kept_in_a_file_and_earlier_ones_are_not_counted_again(corp, home):
    command = [*EXEC, "--set", "amp_events=kept.jsonl", "--set", "http2=false", "--", *client("python", home, "kept")]
    for runs in (1, 2):
        done = subprocess.run(command, env=environ(corp, home), cwd=home, capture_output=True, text=True, timeout=60)
        assert (done.stdout, (home / "kept.jsonl").read_bytes().count(b'"flow.end"')) == ("200\n", runs)
        assert re.search(r"^user.get +1 ", done.stderr, re.MULTILINE), done.stderr


def test_the_first_error_is_told_with_its_reason(home):
    with simulator() as amp:
        env = {**environ(amp, home), "AMP_URL": "https://nowhere.invalid", "HTTPS_PROXY": ""}
        command = [*EXEC, "--", "curl", "-s", "-o", "none", "-w", "%{http_code}", "https://nowhere.invalid/api/user"]
        done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=60)
    assert done.stdout == "502" and re.search(r"^First error: .*(not known|resolution).*, GET https://nowhere", done.stderr, re.MULTILINE)


def test_what_is_not_inspected_and_cannot_be_reached_is_in_the_log_with_the_reason(home):
    with simulator() as amp:
        env = {**environ(amp, home), "HTTPS_PROXY": ""}
        command = [*EXEC, "--", "curl", "-s", "https://git.nowhere.invalid/"]
        done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "not inspected, because in no catalog" in done.stderr
    log = Path(done.stderr.rpartition("what passed is in ")[2].strip()).read_text()
    assert re.search(r"git.nowhere.invalid cannot be reached: .*(not known|resolution)", log)


def test_who_may_not_write_to_the_package_needs_no_more_than_a_home(corp, home):
    """The whole folder of the project, its environment included, is read-only for the command."""
    mount = f"mount --bind '{ROOT}' '{ROOT}' && mount -o remount,bind,ro '{ROOT}' && ! touch '{ROOT}/x' 2>/dev/null && exec \"$@\""
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    command = [*unshare, "sh", "-c", mount, "sh", *EXEC, "--record", "--", *client("python", home, "read-only")]
    done = subprocess.run(command, env=environ(corp, home), cwd=home, capture_output=True, text=True, timeout=60)
    assert done.stdout == "200\n" and "user.get" in done.stderr, done.stderr
    assert list((home / ".local" / "state" / "amp-addons" / "captures").glob("*.flows"))


@pytest.mark.parametrize("runtime", ["node", "bun", "python"])
def test_an_authority_that_a_company_issued_is_trusted_by_its_root(corp, home, runtime):
    """Of the company's two certificates the client needs the root; the proxy sends the other one along."""
    env = environ(corp, home)
    ca = subprocess.run(
        [*EXEC[:-1], "ca", "--use", str(issued(home / "issued.pem", ["com", "ai", "io", "org"]))], env=env, capture_output=True, text=True
    )
    assert ca.returncode == 0, ca.stderr
    done = subprocess.run([*EXEC, "--", *client(runtime, home, "issued")], env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "200\n" and "user.get" in done.stderr, done.stderr


def test_two_at_once_may_each_have_mitmweb_beside_them(corp, home):
    command = [*EXEC, "--ui", "web", "-q", "--", "sh", "-c", "read line"]
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen(command, env=environ(corp, home), **pipes) as first,
        subprocess.Popen(command, env=environ(corp, home), **pipes) as second,
    ):
        for each in (first, second):
            page = each.stderr.readline().rpartition(" ")[2].strip()
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(page, timeout=10) as answer:
                assert b"<title>mitmproxy</title>" in answer.read()
        for each in (first, second):
            each.communicate("\n", timeout=30)
    assert (first.returncode, second.returncode) == (0, 0)


def test_what_is_in_no_catalog_passes_through_untouched_and_is_named(corp, home):
    """The client sees the other side's own certificate, and not ours."""
    (home / "git.py").write_text(GIT)
    command = [*EXEC, "--", sys.executable, str(home / "git.py"), str(corp.ca_path)]
    done = subprocess.run(command, env=environ(corp, home), capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("TLS"), done.stderr
    assert "not inspected, because in no catalog (--all-hosts inspects all): git.example" in done.stderr


@pytest.mark.skipif(not IS_LINUX_X64, reason="the package with Node 20 is for this platform")
def test_node_20_ignores_the_proxy_which_is_said_and_goes_through_in_reverse(home):
    with simulator() as amp:
        (home / "client.mjs").write_text("console.log((await fetch(`${process.env.AMP_URL}/api/user`)).status)")
        command = [str(PACKAGES / "node-20-linux-x64" / "bin" / "node"), str(home / "client.mjs")]
        env = {**environ(amp, home), "AMP_URL": amp.url, "HTTPS_PROXY": ""}
        direct = subprocess.run([*EXEC, "--", *command], env=env, capture_output=True, text=True, timeout=60)
        assert direct.stdout == "200\n" and "runs on Node 20.20, which ignores HTTPS_PROXY" in direct.stderr
        reverse = subprocess.run([*EXEC, "--reverse", "--", *command], env=env, capture_output=True, text=True, timeout=60)
        assert reverse.stdout == "200\n" and "user.get" in reverse.stderr


def test_reverse_reaches_a_runtime_that_ignores_proxies(home):
    """A program that only knows AMP_URL; the login is kept by it, so the port stays the same."""
    with simulator() as amp:
        env = {**environ(amp, home), "AMP_URL": amp.url, "HTTPS_PROXY": ""}
        first, second = (
            subprocess.run([*EXEC, "--reverse", "--", sys.executable, "-c", REVERSE], env=env, capture_output=True, text=True, timeout=60)
            for _ in range(2)
        )
        assert first.stdout.endswith(" 200\n"), first.stderr
        assert first.stdout == second.stdout and "user.get" in first.stderr


def test_a_recording_is_made_where_it_is_asked_for(corp, home):
    done = subprocess.run(
        [*EXEC, "--record", "--", *client("python", home, "rec")], env=environ(corp, home), capture_output=True, text=True, timeout=60
    )
    [file] = (home / ".local" / "state" / "amp-addons" / "captures").glob("*.flows")
    assert f"recorded in {file}\n" in done.stderr
    assert done.returncode == 0 and file.stat().st_size > 100 and file.stat().st_mode & 0o777 == 0o600


def test_the_password_of_the_company_s_proxy_is_in_no_command_line(corp, home):
    secret = "pass" + "w0rd-of-the-company"
    url = corp.proxy_url.replace("http://", f"http://me:{secret}@")
    process = subprocess.Popen(
        [*EXEC, "-q", "--", "sh", "-c", "echo ready; read line"], env=environ(corp, home, HTTPS_PROXY=url),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    process.communicate("\n", timeout=60)
    assert any(b"amp_addons.launch.proxy" in line for line in lines) and not any(secret.encode() in line for line in lines)


RULES = """
version: 1
upstreams: {own: {url: "https://gateway.example", credential: {header: x-api-key, env: OWN_KEY}}}
rules: [{id: send, match: {provider: anthropic}, then: {route: own}}]
"""


def test_a_proxy_that_attaches_a_credential_is_for_its_own_client_alone(corp, home):
    """Any program on this machine can reach the port; only the client was told the password, and no recording has it."""
    (home / "rules.yaml").write_text(RULES)
    others = "import os, urllib.parse, urllib.request; p = urllib.parse.urlsplit(os.environ['HTTPS_PROXY']);" + (
        "o = urllib.request.build_opener(urllib.request.ProxyHandler({'http': f'http://127.0.0.1:{p.port}'}));"
        "print(os.environ['HTTPS_PROXY'])\ntry: o.open('http://ampcode.com/x')\nexcept Exception as e: print(e.code)\n"
    )
    rules = ["--rules", str(home / "rules.yaml")]
    command = [*EXEC, *rules, "--record", str(home / "r.flows"), "--", sys.executable, "-c", others + PY, "auth"]
    done = subprocess.run(command, env=environ(corp, home, OWN_KEY="own-" + "k" * 20), capture_output=True, text=True, timeout=60)
    url, refused, answered = done.stdout.split()
    password = url.rpartition("@")[0].rpartition(":")[2]
    assert (refused, answered) == ("407", "200") and len(password) > 20, done.stderr
    assert password.encode() not in (home / "r.flows").read_bytes() and password not in done.stderr
    reverse = subprocess.run([*EXEC, "--reverse", *rules, "--", "true"], env=environ(corp, home), capture_output=True, timeout=60)
    assert reverse.returncode == 2 and b"any program on this machine could use it" in reverse.stderr
