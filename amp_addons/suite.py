"""The entry file: `mitmdump -s amp_addons` loads the whole suite from here (so does `-s amp_addons/suite.py`)."""

import sys
from importlib.util import find_spec
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
# mitmproxy puts a script's folder at the front of the path and leaves it there; our modules must not be found as top-level ones.
sys.path[:] = [entry for entry in sys.path if entry != str(_FOLDER)]
if find_spec("amp_addons") is None:
    sys.path.insert(0, str(_FOLDER.parent))

from amp_addons.addons import assemble  # noqa: E402  (the path is made first)

addons = assemble()
