"""Let mitmproxy take our folder where it wants a script: `mitmdump -s amp_addons`.

Installed as the top-level module amp_addons_boot, which amp_addons.pth imports whenever Python starts. So it imports
nothing by itself and, until mitmproxy's script loader is imported, does no more than compare names. It then wraps
`Script.__init__`, once. Whatever goes wrong is told in one line, and mitmproxy stays as it was.
"""

import sys

TYPE_CHECKING = False  # typing's own would cost each Python start a millisecond
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

TARGET = "mitmproxy.addons.script"
TESTED = ((12, 2), (13, 0))  # from, up to but without: the range in pyproject.toml


class ScriptFinder:
    """An import hook for one module: it lets the usual finders find it, and wraps what they found."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> "ModuleSpec | None":
        if name != TARGET:
            return None
        try:
            sys.meta_path.remove(self)
            return _wrapped_spec(name)
        except Exception as error:
            _tell(error)
            return None


def entry_file(path: str) -> str | None:
    """The suite's entry file if `path`, as typed after -s, means our folder or (where there is none) the installed package."""
    import os
    from importlib.util import find_spec

    folder = os.path.expanduser(path.strip("'\" "))  # as mitmproxy reads it
    if os.path.normpath(folder) == "amp_addons" and not os.path.exists(folder):
        installed = find_spec("amp_addons")
        if installed is None or installed.origin is None:
            return None
        folder = os.path.dirname(installed.origin)
    entry = os.path.join(folder, "suite.py")
    ours = os.path.basename(os.path.abspath(folder)) == "amp_addons" and os.path.isfile(entry)
    return entry if ours else None


def is_ours(path: str) -> bool:
    """Whether a script, as typed after -s, is one of the suite's files."""
    import os

    if "\0" in path:
        return False
    folder = os.path.dirname(os.path.realpath(os.path.expanduser(path.strip("'\" "))))
    return any(
        os.path.basename(each) == "amp_addons" and os.path.isfile(os.path.join(each, "suite.py"))
        for each in (folder, os.path.dirname(folder))
    )


def _listen_on_loopback() -> None:
    """Before mitmproxy listens, which it does while it loads the script: then it would be too late. What the user chose wins."""
    from mitmproxy import ctx

    options = getattr(ctx, "options", None)  # there is none where a script is made without a proxy
    if options is not None and "listen_host" in options and not options.has_changed("listen_host"):
        options.update(listen_host="127.0.0.1")


def _wrapped_spec(name: str) -> "ModuleSpec | None":
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return None
    execute = spec.loader.exec_module

    def exec_module(module: "ModuleType") -> None:
        execute(module)
        try:
            _wrap_script(module)
        except Exception as error:
            _tell(error)

    spec.loader.exec_module = exec_module  # type: ignore[method-assign]
    return spec


def _wrap_script(module: "ModuleType") -> None:
    from contextlib import suppress

    from mitmproxy.version import VERSION

    if not TESTED[0] <= tuple(int(number) for number in VERSION.split(".")[:2]) < TESTED[1]:
        raise RuntimeError(f"mitmproxy {VERSION} is not one of the versions tested (12.2 to 12.x)")
    stock = module.Script.__init__
    if stock.__code__.co_varnames[: stock.__code__.co_argcount] != ("self", "path", "reload"):
        raise RuntimeError(f"mitmproxy {VERSION} makes its scripts in a new way")

    def init(self: "Any", path: str, reload: bool) -> None:
        try:
            entry = entry_file(path)
        except Exception as error:
            _tell(error)
            entry = None
        stock(self, entry or path, reload)
        with suppress(Exception):  # then the suite sees to it, a moment later
            if is_ours(entry or path):
                _listen_on_loopback()
        if entry:  # mitmproxy knows a script again by its option's value
            self.path, self.name = path, "scriptmanager:" + path

    module.Script.__init__ = init


def _tell(error: Exception) -> None:
    if sys.stderr:
        print(f"amp_addons: {error}; -s amp_addons may not work here, use -s amp_addons/suite.py", file=sys.stderr)


sys.meta_path.insert(0, ScriptFinder())
