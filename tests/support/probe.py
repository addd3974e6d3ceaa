"""A second script beside the suite: writes down what was loaded, to the file named in $AMP_TEST_PROBE, and ends the program."""

import json
import os
import sys
from pathlib import Path

from mitmproxy import ctx


def running():
    scripts = [*ctx.master.addons.get("scriptloader").addons]
    ctx.options.update(scripts=[*reversed(ctx.options.scripts)])
    package = sys.modules.get("amp_addons")
    folder = package and os.path.dirname(os.path.realpath(package.__file__))
    found = {
        "entries": [os.path.realpath(script.ns.__file__) for script in scripts if script.ns],
        "package": folder,
        "addons": sorted(name for name in ctx.master.addons.lookup if name.startswith("amp.")),
        "options": sorted(name for name in ctx.options.keys() if name.startswith("amp_")),
        "kept": {*scripts} == {*ctx.master.addons.get("scriptloader").addons},
        "inside": [entry for entry in sys.path if os.path.realpath(entry) == folder],
    }
    Path(os.environ["AMP_TEST_PROBE"]).write_text(json.dumps(found))
    ctx.master.shutdown()
