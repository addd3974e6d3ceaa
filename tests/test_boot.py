"""Every claim that amp_addons/boot.py makes. The programs themselves are started in test_loading.py."""

import re
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOOT = ROOT / "amp_addons" / "boot.py"

STOCK_SCRIPT = """
class Script:
    def __init__(self, path, reload):
        self.name, self.path, self.fullpath = "scriptmanager:" + path, path, path
"""
# What a program sees of the loader: whether it is still mitmproxy's own, and what becomes of our folder and of another script.
LOOK = """
import sys, amp_addons_boot
from mitmproxy.addons.script import Script
ours, other = Script("amp_addons", True), Script("other.py", True)
print([ours.path, ours.name, ours.fullpath.replace("\\\\", "/"), other.fullpath, Script.__init__.__module__])
print([type(finder).__name__ for finder in sys.meta_path].count("ScriptFinder"))
"""


@pytest.fixture
def boot(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, without what its import leaves in sys.meta_path."""
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    spec = spec_from_file_location("boot_under_test", BOOT)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with our package's folder and another one in it."""
    for folder in ("amp_addons", "others"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "suite.py").touch()
    (tmp_path / "amp_addons" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def look(checkout: Path, version: str = "12.2.3", script: str = STOCK_SCRIPT, code: str = LOOK) -> tuple[list[str], str]:
    """Run `code` beside a stand-in for some version of mitmproxy. -> lines of standard output, standard error"""
    addons = checkout / "mitmproxy" / "addons"
    addons.mkdir(parents=True)
    (addons.parent / "__init__.py").touch()
    (addons.parent / "version.py").write_text(f'VERSION = "{version}"')
    (addons / "__init__.py").touch()
    (addons / "script.py").write_text(script)
    (checkout / "amp_addons_boot.py").write_bytes(BOOT.read_bytes())
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    return done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize("typed", ["amp_addons", "amp_addons/", "./amp_addons", "'amp_addons' ", "others/../amp_addons", "{absolute}"])
def test_our_folder_means_its_entry_file(boot: ModuleType, checkout: Path, typed: str) -> None:
    found = boot.entry_file(typed.format(absolute=checkout / "amp_addons"))
    assert Path(found).resolve() == checkout.resolve() / "amp_addons" / "suite.py"


def test_a_dot_within_our_folder_means_it(boot: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("amp_addons")
    assert Path(boot.entry_file(".")).resolve() == checkout.resolve() / "amp_addons" / "suite.py"


@pytest.mark.parametrize("typed", ["others", "nowhere", "amp_addons/suite.py", "other.py", "", "nowhere/amp_addons"])
def test_anything_else_is_left_to_mitmproxy(boot: ModuleType, checkout: Path, typed: str) -> None:
    assert boot.entry_file(typed) is None


@pytest.mark.parametrize("typed", ["amp_addons", "amp_addons/"])
def test_without_such_a_folder_our_name_means_the_installed_package(
    boot: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Path(boot.entry_file(typed)).samefile(ROOT / "amp_addons" / "suite.py")


def test_mitmproxy_still_knows_the_script_by_what_was_typed(checkout: Path) -> None:
    """Else it would load a script anew, or drop it, whenever its list of scripts changes."""
    (line, _), error = look(checkout)
    assert line == "['amp_addons', 'scriptmanager:amp_addons', 'amp_addons/suite.py', 'other.py', 'amp_addons_boot']"
    assert error == ""


def test_the_hook_goes_after_its_one_use(checkout: Path) -> None:
    (_, hooks), _ = look(checkout)
    assert hooks == "0"


@pytest.mark.parametrize(
    ("version", "script"),
    [
        pytest.param("13.0.0", STOCK_SCRIPT, id="newer than tested"),
        pytest.param("12.1.2", STOCK_SCRIPT, id="older than tested"),
        pytest.param("unknown", STOCK_SCRIPT, id="no number"),
        pytest.param("12.9.0", STOCK_SCRIPT.replace("reload", "watch"), id="other arguments"),
    ],
)
def test_a_changed_mitmproxy_stays_as_it_is_and_one_line_says_so(checkout: Path, version: str, script: str) -> None:
    (line, hooks), error = look(checkout, version, script)
    assert line == "['amp_addons', 'scriptmanager:amp_addons', 'amp_addons', 'other.py', 'mitmproxy.addons.script']"
    assert hooks == "0"
    assert re.fullmatch(r"amp_addons: .*; -s amp_addons may not work here, use -s amp_addons/suite\.py\n", error)


def test_a_loader_without_scripts_is_imported_all_the_same(checkout: Path) -> None:
    lines, error = look(checkout, script="Macro = 1", code="import amp_addons_boot, mitmproxy.addons.script as s; print(s.Macro)")
    assert lines == ["1"]
    assert error.count("\n") == 1


def test_a_path_that_cannot_be_looked_at_goes_to_mitmproxy(checkout: Path) -> None:
    code = r"""
import amp_addons_boot
from mitmproxy.addons.script import Script
print(ascii(Script("amp_addons\0", True).fullpath))
"""
    lines, _ = look(checkout, code=code)
    assert lines == [r"'amp_addons\x00'"]


def test_a_python_start_imports_nothing_for_it(checkout: Path) -> None:
    code = "import sys; before = {*sys.modules}; import amp_addons_boot; print({*sys.modules} - before)"
    lines, _ = look(checkout, code=code)
    assert lines == ["{'amp_addons_boot'}"]


def test_this_environment_imports_it_at_each_start_in_less_than_a_millisecond() -> None:
    starts = [subprocess.run([sys.executable, "-X", "importtime", "-c", ""], capture_output=True, text=True).stderr for _ in range(5)]
    lines = [re.search(r"\| +(\d+) \| +amp_addons_boot$", start, re.MULTILINE) for start in starts]
    assert min(int(line[1]) for line in lines if line) < 1000  # microseconds
    assert "mitmproxy" not in starts[0]


def test_tested_versions_are_those_of_the_project_file(boot: ModuleType) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "mitmproxy>=12.2,<13" in project["dependencies"]
    assert boot.TESTED == ((12, 2), (13, 0))
