"""The scripts, in a skeleton of the project: discovery with stand-ins for Python, the set-up itself with real ones, offline."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from support.wheelhouse import lock_file, make_wheel, needed_by

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "amp-addons"
version = "0"
[project.scripts]
amp-addons = "amp_addons:main"
[tool.hatch.build]
dev-mode-dirs = ["."]
[tool.hatch.build.targets.wheel]
packages = ["amp_addons"]
"""
PROGRAM = "import sys, os\ndef main(): print(sys.argv[1:], os.getcwd())\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project of the same outline and our scripts, in a folder whose name has a blank."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "amp_addons").mkdir()
    (folder / "amp_addons" / "__init__.py").write_text(PROGRAM)
    for name in ("boot.py", "boot.pth"):
        shutil.copy(ROOT / "amp_addons" / name, folder / "amp_addons" / name)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    return folder


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the skeleton is built with, as wheels, and a lock file for them."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    wheels = [make_wheel(distribution, folder) for distribution in needed_by(["hatchling"]).values()]
    (folder / "lock").write_text(lock_file(wheels))
    return folder


def environment(home: Path, path: str = "", **variables: str) -> dict[str, str]:
    """As on a machine where nothing is set: /usr/bin for cat and cksum, but no Python from there (no name on it but ours is tried)."""
    tools = home / "tools"
    if not tools.is_dir():
        tools.mkdir()
        for tool in ("sh", "cat", "cksum", "dirname"):
            (tools / tool).symlink_to(shutil.which(tool) or tool)
    return {"HOME": str(home), "PATH": f"{path}:{tools}" if path else str(tools), **variables}


def script(checkout: Path, name: str, *arguments: str, env: dict[str, str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([checkout / "scripts" / name, *arguments], env=env, cwd=cwd, capture_output=True, text=True, timeout=120)


def stand_in(path: Path, version: str = "3.12") -> Path:
    """A program that answers the question what Python it is, and instead of setting up says which one it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ncase "$*" in *install.py*) echo "set up with $0" ;; *) echo "{version} $0" ;; esac\n')
    path.chmod(0o755)
    return path


def shim(path: Path) -> Path:
    """What pyenv leaves for a version that is not the chosen one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "pyenv: {path.name}: command not found" >&2\nexit 127\n')
    path.chmod(0o755)
    return path


class TestFindingPython:
    """Each stand-in lies where one Python may be found; scripts/setup must come to the named one."""

    def find(self, checkout: Path, home: Path, path: str = "", **variables: str) -> str:
        done = script(checkout, "setup", env=environment(home, path, **variables))
        assert done.returncode == 0, done.stderr
        return done.stdout.removeprefix("set up with ").strip()

    def test_the_one_that_is_named_wins(self, checkout: Path, tmp_path: Path) -> None:
        stand_in(tmp_path / "bin" / "python3.14")
        named = stand_in(tmp_path / "mine" / "python")
        assert self.find(checkout, tmp_path, str(tmp_path / "bin"), PYTHON=str(named)) == str(named)

    def test_one_that_is_named_and_unfit_is_told_and_passed_over(self, checkout: Path, tmp_path: Path) -> None:
        good = stand_in(tmp_path / "bin" / "python3.12")
        done = script(checkout, "setup", env=environment(tmp_path, str(good.parent), PYTHON="/no/such/python"))
        assert done.stdout == f"set up with {good}\n"
        assert done.stderr.startswith("amp-addons: PYTHON=/no/such/python is not a Python 3.12, 3.13 or 3.14")

    def test_the_newest_on_the_path_wins(self, checkout: Path, tmp_path: Path) -> None:
        for name in ("python3", "python3.12", "python3.13", "python3.14"):
            newest = stand_in(tmp_path / "bin" / name)
        assert self.find(checkout, tmp_path, str(newest.parent)) == str(newest)

    def test_a_shim_that_fails_does_not_stop_the_search(self, checkout: Path, tmp_path: Path) -> None:
        for name in ("python3.14", "python3.13", "python3.12", "python3"):
            shim(tmp_path / "shims" / name)
        behind = stand_in(tmp_path / "bin" / "python3.12")
        assert self.find(checkout, tmp_path, f"{tmp_path / 'shims'}:{behind.parent}") == str(behind)

    def test_the_folders_of_pyenv_are_searched_last(self, checkout: Path, tmp_path: Path) -> None:
        shim(tmp_path / ".pyenv" / "shims" / "python3.12")
        stand_in(tmp_path / ".pyenv" / "versions" / "3.12.1" / "bin" / "python3.12")
        newer = stand_in(tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin" / "python3.13")
        assert self.find(checkout, tmp_path, str(tmp_path / ".pyenv" / "shims")) == str(newer)

    def test_so_is_another_root_of_pyenv(self, checkout: Path, tmp_path: Path) -> None:
        found = stand_in(tmp_path / "root" / "versions" / "3.12.1" / "bin" / "python3.12")
        assert self.find(checkout, tmp_path, PYENV_ROOT=str(tmp_path / "root")) == str(found)

    @pytest.mark.parametrize(
        ("folder", "variable"),
        [(".local/share/uv/python", None), ("data/uv/python", "XDG_DATA_HOME"), ("uv pythons", "UV_PYTHON_INSTALL_DIR")],
    )
    def test_the_folders_of_uv_are_searched(self, checkout: Path, tmp_path: Path, folder: str, variable: str | None) -> None:
        found = stand_in(tmp_path / folder / "cpython-3.12.1-linux-x86_64-gnu" / "bin" / "python3.12")
        value = tmp_path / ("data" if variable == "XDG_DATA_HOME" else folder)
        assert self.find(checkout, tmp_path, **({variable: str(value)} if variable else {})) == str(found)

    def test_none_at_all_is_one_sentence_and_status_1(self, checkout: Path, tmp_path: Path) -> None:
        shim(tmp_path / "bin" / "python3")
        done = script(checkout, "setup", env=environment(tmp_path, str(tmp_path / "bin")))
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("amp-addons: no suitable Python was found; install Python 3.12, 3.13 or 3.14")

    def test_a_real_one_is_recognised_and_traced_to_what_its_environment_was_made_from(self, checkout: Path, tmp_path: Path) -> None:
        """The Python of an activated .venv must not become the one that a new .venv is made from."""
        (checkout / "scripts" / "install.py").write_text("import sys; print(sys.executable)")
        base = getattr(sys, "_base_executable")  # noqa: B009  (typeshed does not know it)
        assert self.find(checkout, tmp_path, PYTHON=sys.executable) == os.path.realpath(base)


class TestWhatIsUpToDate:
    """scripts/setup compares; the stand-in prints a line when it would do more."""

    @pytest.fixture
    def made(self, checkout: Path, tmp_path: Path) -> Path:
        """A finished set-up as far as its marks tell, and a stand-in that says which marks it was to set."""
        python = stand_in(tmp_path / "bin" / "python3.12")
        python.write_text('#!/bin/sh\ncase "$*" in *install.py*) printf "%s\\n" "$@" ;; *) echo "3.12 $0" ;; esac\n')
        *_, packages, project, clients = script(checkout, "setup", env=self.env(tmp_path)).stdout.split("\n")[:-1]
        assert clients == ""
        marks = checkout / ".venv" / "made-from"
        marks.mkdir(parents=True)
        (marks / "packages").write_text(packages + "\n")
        (marks / "project").write_text(project + "\n")
        python_of_venv = stand_in(checkout / ".venv" / "bin" / "python")
        python_of_venv.write_text(f'#!/bin/sh\necho "3.12 {python}"\n')
        return checkout

    def env(self, tmp_path: Path, **variables: str) -> dict[str, str]:
        return environment(tmp_path, str(tmp_path / "bin"), **variables)

    def is_up_to_date(self, checkout: Path, tmp_path: Path, **variables: str) -> bool:
        done = script(checkout, "setup", env=self.env(tmp_path, **variables))
        assert done.returncode == 0, done.stderr
        return not done.stdout

    def test_nothing_changed(self, made: Path, tmp_path: Path) -> None:
        assert self.is_up_to_date(made, tmp_path)

    @pytest.mark.parametrize(
        "name", ["scripts/requirements.lock", "scripts/install.py", "pyproject.toml", "amp_addons/boot.py", "amp_addons/boot.pth"]
    )
    def test_a_changed_source(self, made: Path, tmp_path: Path, name: str) -> None:
        with (made / name).open("a") as file:
            file.write("\n")
        assert not self.is_up_to_date(made, tmp_path)

    def test_a_checkout_that_was_moved(self, made: Path, tmp_path: Path) -> None:
        assert not self.is_up_to_date(made.rename(tmp_path / "moved"), tmp_path)

    def test_a_base_python_that_has_gone(self, made: Path, tmp_path: Path) -> None:
        python = made / ".venv" / "bin" / "python"
        python.unlink()
        python.symlink_to(tmp_path / "gone")
        assert not self.is_up_to_date(made, tmp_path)

    def test_a_base_python_that_became_another_version(self, made: Path, tmp_path: Path) -> None:
        stand_in(made / ".venv" / "bin" / "python", version="3.13")
        assert not self.is_up_to_date(made, tmp_path)

    def test_another_python_that_is_asked_for(self, made: Path, tmp_path: Path) -> None:
        assert self.is_up_to_date(made, tmp_path, PYTHON=str(tmp_path / "bin" / "python3.12"))
        assert not self.is_up_to_date(made, tmp_path, PYTHON=str(stand_in(tmp_path / "other" / "python")))

    def test_the_clients_count_only_where_they_are_asked_for(self, made: Path, tmp_path: Path) -> None:
        (made / "tests" / "e2e").mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            (made / "tests" / "e2e" / name).write_text("{}")
        assert self.is_up_to_date(made, tmp_path)
        asked = script(made, "setup", "--clients", env=self.env(tmp_path)).stdout.splitlines()
        assert asked
        mark = made / "tests" / "e2e" / "node_modules" / ".made-from"
        mark.parent.mkdir()
        mark.write_text(asked[-1])
        assert script(made, "setup", "--clients", env=self.env(tmp_path)).stdout == ""

    def test_anything_else_on_the_command_line_is_misuse(self, checkout: Path, tmp_path: Path) -> None:
        done = script(checkout, "setup", "--client", env=self.env(tmp_path))
        assert (done.returncode, done.stderr) == (2, "usage: scripts/setup [--clients]\n")


class TestTheSetUp:
    """The real thing, with a lock file of few packages and wheels from a folder instead of an index."""

    @pytest.fixture
    def locked(self, checkout: Path, wheelhouse: Path) -> Path:
        shutil.copy(wheelhouse / "lock", checkout / "scripts" / "requirements.lock")
        return checkout

    def env(self, tmp_path: Path, wheelhouse: Path) -> dict[str, str]:
        """A pip configuration that would break any installation, but for where the packages come from."""
        hostile = tmp_path / ".config" / "pip" / "pip.conf"
        hostile.parent.mkdir(parents=True, exist_ok=True)
        hostile.write_text(
            f"[global]\nquiet = 3\nconstraint = {tmp_path}/constraint\nno-binary = :all:\ntarget = {tmp_path}/elsewhere\n"
            f"extra-index-url =\n    file:///nowhere/simple\n    file:///nowhere/more\nfind-links = {wheelhouse}\n[install]\nuser = true\n"
        )
        (tmp_path / "constraint").write_text("hatchling<1\n")
        settings = {"PIP_NO_INDEX": "1", "PIP_DRY_RUN": "1", "PIP_QUIET": "2", "PYTHONPATH": str(tmp_path)}
        (tmp_path / "pathspec.py").write_text("raise SystemExit('PYTHONPATH was obeyed')")
        named = tmp_path / "python-by-another-name"
        if not named.exists():
            named.symlink_to(sys.executable)
        return environment(tmp_path, PYTHON=str(named), **settings)

    def test_makes_an_environment_once_and_starts_the_program(self, locked: Path, tmp_path: Path, wheelhouse: Path) -> None:
        env = self.env(tmp_path, wheelhouse)
        first = script(locked, "run", "--port", "0", "a b", env={**env, "PYTHONPATH": ""}, cwd=tmp_path)
        assert first.stdout == f"{['run', '--port', '0', 'a b']} {tmp_path}\n", first.stderr
        assert not (tmp_path / "elsewhere").exists()

        started = time.monotonic()
        second = script(locked, "run", "demo", "--fast", env={"HOME": env["HOME"], "PATH": env["PATH"]}, cwd=tmp_path)
        assert time.monotonic() - started < 1
        assert (second.stdout, second.stderr) == (f"{['demo', '--fast']} {tmp_path}\n", "")

        program = locked / ".venv" / "bin" / "amp-addons"
        program.unlink()
        (locked / "pyproject.toml").write_text(PYPROJECT + "# changed\n")
        third = script(locked, "setup", env=env)
        assert (third.returncode, third.stderr) == (0, ""), "the project was to be installed anew, and nothing else"
        assert program.exists()

    def test_one_that_was_interrupted_never_counts_as_good(self, locked: Path, tmp_path: Path, wheelhouse: Path) -> None:
        env = self.env(tmp_path, wheelhouse)
        marks = locked / ".venv" / "made-from"
        with subprocess.Popen([locked / "scripts" / "setup"], env=env, stderr=subprocess.PIPE, text=True) as running:
            deadline = time.monotonic() + 60
            while not [*locked.glob(".venv/lib/python*/site-packages/p*")]:  # pip is there, or coming
                assert time.monotonic() < deadline
                time.sleep(0.01)
            running.send_signal(signal.SIGTERM)
            _, printed = running.communicate(timeout=60)
        assert running.returncode == 130
        assert printed.endswith("amp-addons: the set-up was interrupted; the next start begins it again\n")
        assert not marks.exists()
        assert script(locked, "setup", env=env).returncode == 0
        assert {mark.name for mark in marks.iterdir()} == {"packages", "project"}

    def test_two_at_once_do_the_work_once(self, locked: Path, tmp_path: Path, wheelhouse: Path) -> None:
        env = self.env(tmp_path, wheelhouse)
        command = [locked / "scripts" / "setup"]
        both = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        printed = [process.communicate(timeout=120)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert "".join(printed).count("installed the packages") == 1
        assert "".join(printed).count("another set-up is running here") == 1

    def test_a_package_that_is_not_the_locked_one_is_refused(self, locked: Path, tmp_path: Path, wheelhouse: Path) -> None:
        lock = locked / "scripts" / "requirements.lock"
        lock.write_text(lock.read_text().replace("sha256:", "sha256:00")[:-3] + "\n")
        done = script(locked, "setup", env=self.env(tmp_path, wheelhouse))
        assert done.returncode == 1
        assert "amp-addons: the set-up did not work. installing packages failed:" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (locked / ".venv" / "made-from").exists()

    def test_a_folder_that_is_not_ours_is_left_alone(self, locked: Path, tmp_path: Path, wheelhouse: Path) -> None:
        (locked / ".venv").mkdir()
        (locked / ".venv" / "diary").touch()
        done = script(locked, "setup", env=self.env(tmp_path, wheelhouse))
        assert done.returncode == 1
        assert ".venv is in the way" in done.stderr
        assert (locked / ".venv" / "diary").exists()


def load(path: Path) -> ModuleType:
    spec = spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestLockFiles:
    @pytest.mark.parametrize("name", ["requirements.lock", "extras.lock", "otel.lock", "phoenix.lock", "npm.lock"])
    def test_every_pin_has_a_hash_and_no_address(self, name: str) -> None:
        text = (ROOT / "scripts" / name).read_text()
        pins = re.findall(r"^[a-z0-9].*(?:\n    --hash.*)*", text, re.MULTILINE)
        assert pins
        assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)
        assert "://" not in text
        assert "--index" not in text

    @pytest.mark.parametrize("extra", [None, "otel"])
    def test_it_satisfies_the_project_file(self, extra: str | None) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        texts = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
        wanted = [Requirement(text) for text in (project["project"]["optional-dependencies"][extra] if extra else texts)]
        pins = [re.match(r"([a-z0-9-]+)==([^ ]+)", line) for line in self.lines(f"{extra or 'requirements'}.lock")]
        for requirement in wanted:
            versions = [pin[2] for pin in pins if pin and pin[1] == requirement.name.lower()]
            assert versions and all(version in requirement.specifier for version in versions), f"{requirement}: run scripts/lock"

    def test_an_extra_has_the_versions_of_the_rest(self) -> None:
        """It is installed beside it, and comes first on the path."""
        both = [
            {pin[0] for line in self.lines(name) if (pin := re.match(r"[a-z0-9-]+==.*?(?= \\$)", line))}
            for name in ("otel.lock", "requirements.lock")
        ]
        names = [{pin.partition("==")[0] for pin in pins} for pins in both]
        assert {pin for pin in both[0] if pin.partition("==")[0] in names[1]} <= both[1]

    @staticmethod
    def lines(name: str) -> list[str]:
        return (ROOT / "scripts" / name).read_text().splitlines()


class TestFilenameMatching:
    def test_a_module_without_its_test_is_named(self, checkout: Path) -> None:
        (checkout / "amp_addons" / "core").mkdir()
        for name in ("sse", "empty", "done"):
            (checkout / "amp_addons" / "core" / f"{name}.py").write_text('"""Doc."""\n' + ("" if name == "empty" else "x = 1\n"))
        (checkout / "tests" / "core").mkdir(parents=True)
        (checkout / "tests" / "core" / "test_done.py").touch()
        (checkout / "tests" / "test_boot.py").touch()
        command = [sys.executable, checkout / "scripts" / "filename_matching.py"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 1
        assert [line.partition(":")[0] for line in done.stdout.splitlines()] == ["amp_addons/core/sse.py"]

    def test_every_exception_still_exists(self) -> None:
        elsewhere = load(ROOT / "scripts" / "filename_matching.py").ELSEWHERE
        assert all((ROOT / module).is_file() for module in elsewhere)


@pytest.mark.parametrize("script_file", ["setup", "run", "test", "test-extras", "test-phoenix", "check", "lock", "../.ci/run"])
def test_scripts_can_be_run_and_read(script_file: str) -> None:
    path = ROOT / "scripts" / script_file
    assert os.access(path, os.X_OK)
    shell = "bash" if "bash" in path.read_text().splitlines()[0] else "sh"
    assert subprocess.run([shell, "-n", path]).returncode == 0


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """Stand-ins for Debian's programs: `squid` is installed, nobody is root or becomes it, and what is called is noted."""
    folder = tmp_path / "debian"
    folder.mkdir()
    programs = {
        "dpkg-query": '[ "$4" = squid ] && printf installed',
        "id": "echo 1000",
        "sudo": "exit 1",
        "apt-get": f'echo "$@" >> "{folder}/called"',
    }
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return folder


def test_debian_packages_that_are_there_are_left_alone(checkout: Path, debian: Path) -> None:
    done = script(checkout, "debian-packages", "squid", env=environment(debian, str(debian)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (debian / "called").exists()


def test_debian_packages_that_cannot_be_installed_are_named(checkout: Path, debian: Path) -> None:
    done = script(checkout, "debian-packages", "squid", "nftables", "haproxy", env=environment(debian, str(debian)))
    assert done.returncode == 1
    assert "not installed: nftables haproxy; as root: apt-get install --no-install-recommends nftables haproxy" in done.stderr
    assert not (debian / "called").exists()
