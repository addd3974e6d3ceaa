"""The entry file: `mitmdump -s amp_addons` loads the whole suite from here (so does `-s amp_addons/suite.py`).

mitmproxy takes any name here that is a hook's for that hook, so nothing may be called `load`, say.
"""

import os
import sys
from importlib.util import find_spec

_FOLDER = os.path.dirname(os.path.realpath(__file__))
# mitmproxy puts a script's folder, as typed, at the front of the path and leaves it there; our modules are no top-level ones.
sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != _FOLDER]
# The package that this file lies in is meant: installed, not installed, or another checkout than the installed one.
_found = find_spec("amp_addons")
if _found is None or os.path.realpath(_found.origin or "") != os.path.join(_FOLDER, "__init__.py"):
    sys.path.insert(0, os.path.dirname(_FOLDER))

from amp_addons.addons import assemble  # noqa: E402  (the path is made first)

addons = assemble()
name = f"amp_addons.suite {id(addons):x}"  # each its own: mitmproxy refuses a name that it has, assemble() leaves a note
