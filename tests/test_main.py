import subprocess
import sys


def test_python_m_amp_addons_is_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "amp_addons", "--version"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("amp-addons ")
