"""The wheel, installed into an empty environment outside the checkout, gives what the checkout gives."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from support.programs import start
from support.wheelhouse import make_wheel, needed_by

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def quietly(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a program without the user's pip and Python settings, which are not under test. -> its standard output"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environment |= {"PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    quietly(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with nothing but the wheel and what it declares to need."""
    wheelhouse, environment = tmp_path_factory.mktemp("wheelhouse"), tmp_path_factory.mktemp("environment")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for distribution in needed_by(project["dependencies"]).values():
        make_wheel(distribution, wheelhouse)
    quietly(sys.executable, "-m", "venv", environment)
    quietly(environment / "bin" / "pip", "install", "--no-compile", "--no-index", "--find-links", wheelhouse, wheel)
    return environment / "bin"


def test_it_holds_the_package_the_rules_and_the_boot_files_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if not name.startswith("amp_addons-")}
    rules = {f"amp_addons/{file.relative_to(ROOT).as_posix()}" for file in ROOT.glob("rules/**/*") if file.is_file()}
    modules = {file.relative_to(ROOT).as_posix() for file in ROOT.glob("amp_addons/**/*.py")} - {"amp_addons/boot.py"}
    modules |= {file.relative_to(ROOT).as_posix() for file in ROOT.glob("amp_addons/report/page/*")}
    assert rules
    assert names == rules | modules | {"amp_addons/py.typed", "amp_addons.pth", "amp_addons_boot.py"}


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["catalog", "--json"], id="catalog"),
        pytest.param(["classify", "POST", "https://ampcode.com/api/provider/anthropic/v1/messages", "--json"], id="classify"),
        pytest.param(["--help"], id="help"),
    ],
)
def test_its_commands_say_the_same(installed: Path, tmp_path: Path, arguments: list[str]) -> None:
    assert quietly(installed / "amp-addons", *arguments, cwd=tmp_path) == quietly(BIN / "amp-addons", *arguments)


def test_mitmproxy_takes_its_name_for_a_script(installed: Path, tmp_path: Path) -> None:
    loaded = start([str(installed / "mitmdump")], ["amp_addons"], tmp_path, tmp_path)
    assert loaded.status == 0, loaded.printed
    assert Path(loaded.found["package"]).is_relative_to(installed.parent)
    assert "amp.display" in loaded.found["addons"]
