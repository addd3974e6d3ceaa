import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import rich_click as click

from amp_addons import cli


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_is_where_the_table_says_and_its_help_has_an_example(run: Any, name: str) -> None:
    module, _, function = cli.COMMANDS[name].home.partition(":")
    assert isinstance(getattr(import_module(module), function), click.Command)
    status, out, err = run(name, "--help")
    assert (status, err) == (0, "")
    assert f"amp-addons {name}" in out.partition("Usage:")[2].partition("\n")[2]


def test_the_list_of_commands_imports_none_of_them() -> None:
    code = (
        "import sys\nfrom amp_addons.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print([name for name in sys.modules if name.startswith(('mitmproxy', 'yaml', 'amp_addons.cli.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout and spec.summary in done.stdout for name, spec in cli.COMMANDS.items())


@pytest.mark.parametrize("command", [["classify", "GET", "/api/user"], ["catalog"]])
def test_commands_that_need_no_proxy_do_not_import_one(command: list[str]) -> None:
    code = f"import sys\nfrom amp_addons.cli import main\ntry: main({command})\nfinally: print('mitmproxy' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "False\n"


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (["clasify"], 2, "Error: there is no command 'clasify'. Did you mean 'classify'?\nTry 'amp-addons --help'.\n"),
        (["classify", "GET"], 2, "Error: Missing argument 'URL'.\nTry 'amp-addons classify --help'.\n"),
        (["catalog", "--jsn"], 2, "Error: No such option"),
        (
            ["catalog", "/no/such/file"],
            1,
            "Error: /no/such/file: found nothing that can be read (no such file or directory), expected a YAML file.\n",
        ),
    ],
)
def test_an_error_is_one_message(run: Any, args: list[str], status: int, message: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (status, "")
    assert err.startswith(message)
    assert err.count("Error") == 1


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (click.ClickException("port 1 is in use"), 1, "Error: port 1 is in use\n"),
        (OSError(2, "No such file or directory", "x"), 1, "Error: [Errno 2] No such file or directory: 'x'\n"),
        (KeyboardInterrupt(), 1, "\nError: interrupted\n"),
        (click.Abort(), 1, "Error: interrupted\n"),
        (ZeroDivisionError("secret"), 1, "Error: this is a mistake of amp-addons itself: ZeroDivisionError in broken, "),
    ],
)
def test_no_error_ends_in_a_traceback(run: Any, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, message: str) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(sys.modules[__name__], "broken", broken, raising=False)
    monkeypatch.setitem(cli.COMMANDS, "broken", cli.Spec(f"{__name__}:broken", "Fails."))
    code, out, err = run("broken")
    assert (code, out) == (status, "")
    assert err.startswith(message)
    assert "Traceback" not in err and "secret" not in err


@pytest.mark.parametrize("args", [["catalog", "--json"], ["catalog"], ["classify", "GET", "/api/user"]])
def test_a_reader_that_has_gone_is_no_error(start: Callable[..., subprocess.Popen[bytes]], args: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    process = start(*args, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    _, err = process.communicate(timeout=60)
    assert err == b""


def test_the_script_of_the_package_is_this(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "amp-addons", "--version"], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0
