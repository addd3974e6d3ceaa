"""The ways to load the suite, each with the real program."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.programs import Loaded, start

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PACKAGE = ROOT / "amp_addons"
SUITE = {"amp.startup", "amp.classify", "amp.trace", "amp.tee", "amp.events", "amp.display"}


def check(loaded: Loaded, package: Path = PACKAGE, addons: set[str] = SUITE) -> None:
    """The suite came from `package`, complete, and left mitmproxy's script list and the module path in order."""
    assert loaded.found, loaded.printed
    assert loaded.status == 0, loaded.printed
    assert loaded.found["package"] == str(package.resolve())
    assert addons <= {*loaded.found["addons"]}
    assert loaded.found["options"]
    assert loaded.found["kept"], "a change of the script list loaded a script anew"
    assert loaded.found["inside"] == [], "modules of the package can be found as top-level ones"


@pytest.mark.parametrize("program", ["mitmdump", "mitmweb", "mitmproxy"])
def test_the_folder_as_typed_in_the_repository_root(program: str, tmp_path: Path) -> None:
    loaded = start([str(BIN / program)], ["amp_addons"], ROOT, tmp_path)
    check(loaded)
    assert str(PACKAGE / "suite.py") in loaded.found["entries"]


@pytest.mark.parametrize("typed", ["amp_addons/", str(PACKAGE), "amp_addons/suite.py"])
def test_other_ways_to_type_it(typed: str, tmp_path: Path) -> None:
    check(start([str(BIN / "mitmdump")], [typed], ROOT, tmp_path))


def test_two_spellings_beside_each_other_load_it_once(tmp_path: Path) -> None:
    loaded = start([str(BIN / "mitmdump")], ["amp_addons", "amp_addons/suite.py"], ROOT, tmp_path)
    check(loaded)
    assert "already loaded" in loaded.printed


def test_single_addons_beside_each_other(tmp_path: Path) -> None:
    loaded = start([str(BIN / "mitmdump")], ["amp_addons/addons/tee.py", "amp_addons/addons/classify.py"], ROOT, tmp_path)
    check(loaded, addons={"amp.tee", "amp.classify"})
    assert "amp.display" not in loaded.found["addons"]


def test_the_name_alone_means_the_installed_package_elsewhere(tmp_path: Path) -> None:
    check(start([str(BIN / "mitmdump")], ["amp_addons"], tmp_path, tmp_path))


def test_the_entry_file_by_path_without_installation(tmp_path: Path) -> None:
    """-S leaves out the .pth files, and with them our installation; what we depend on is put back by hand."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "clone" / "amp_addons", ignore=ignore)
    shutil.copytree(ROOT / "rules", tmp_path / "clone" / "rules", ignore=ignore)
    packages = [entry for entry in sys.path if os.path.basename(entry) == "site-packages"]
    code = f"import sys; sys.path += {packages}; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
    loaded = start([sys.executable, "-S", "-c", code], ["clone/amp_addons/suite.py"], tmp_path, tmp_path)
    check(loaded, package=tmp_path / "clone" / "amp_addons")


def test_another_checkout_runs_its_own_code(tmp_path: Path) -> None:
    """Its folder was named, so its package is meant, not the installed one."""
    shutil.copytree(PACKAGE, tmp_path / "amp_addons", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    check(start([str(BIN / "mitmdump")], ["amp_addons"], tmp_path, tmp_path), package=tmp_path / "amp_addons")


@pytest.mark.parametrize("typed", ["scripts", "nowhere"])
def test_what_is_not_ours_gets_mitmproxys_own_answer(typed: str) -> None:
    command = [str(BIN / "mitmdump"), "-n", "-s", typed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert f"No such script: {typed}" in done.stdout + done.stderr
    assert done.returncode == 1
