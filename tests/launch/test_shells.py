import json
import shutil
import subprocess
import sys

import pytest
from support.missing import missing

from amp_addons.launch.shells import SHELLS, lines, shell_of

NASTY = {
    "A": "plain",
    "B": "with space 'quote' \"double\" \\ back\\slash `tick` $HOME $(touch /tmp/x) ; & | < > ! # \u2019 é",
    "C": "line\nbreak",
    "D": "",
}
PRINT = "import json, os; print(json.dumps({name: os.environ.get(name) for name in 'ABCD'}))"


@pytest.mark.parametrize("shell", ["bash", "sh", "zsh", "fish"])
def test_real_shells_set_and_unset_exactly_this(shell, tmp_path):
    if (program := shutil.which(shell)) is None:
        missing(f"{shell} is not installed; on Debian: apt-get install {shell}")
    script = tmp_path / "script"
    ask = f'{sys.executable} -c "{PRINT}"'
    script.write_text("\n".join([*lines(shell, NASTY), ask, *(SHELLS[shell].remove(name) for name in NASTY), ask]) + "\n")
    done = subprocess.run([program, str(script)], capture_output=True, text=True, timeout=30, env={"PATH": "/usr/bin:/bin"})
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first, done.stderr) == (NASTY, "") and second == dict.fromkeys("ABCD")


def test_powershell_quotes_are_doubled():
    assert SHELLS["powershell"].assign("A", "it's \u2019q") == "$Env:A = 'it''s \u2019\u2019q'"
    assert SHELLS["powershell"].remove("A") == "Remove-Item Env:A -ErrorAction SilentlyContinue"


@pytest.mark.parametrize(("value", "shell"), [("/bin/zsh", "zsh"), ("/usr/bin/fish", "fish"), ("/bin/tcsh", "sh"), ("", "sh")])
def test_the_shell_in_use(value, shell):
    assert shell_of({"SHELL": value}) == shell
