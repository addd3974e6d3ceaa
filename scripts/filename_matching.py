"""See that every module with code has its test at the mirrored path: amp_addons/core/sse.py, tests/core/test_sse.py."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Modules whose tests lie elsewhere, each with the place.
ELSEWHERE = {
    "amp_addons/core/answers/answer.py": "tests/core/answers/test_canned.py and test_refusal.py: what is answered",
    "amp_addons/core/answers/transform.py": "tests/core/answers/test_models.py: one that keeps its promises",
    "amp_addons/addons/sent.py": "tests/addons/test_answers.py: what was made of a request, for its answer",
    "amp_addons/cli/exec.py": "tests/e2e/test_exec.py: as a program, with real clients",
    "amp_addons/launch/beside.py": "tests/e2e/test_exec.py: a proxy that is started and ended",
    "amp_addons/launch/child.py": "tests/e2e/test_exec.py: signals, streams and exit status of real programs",
    "amp_addons/launch/proxy.py": "tests/e2e/test_exec.py: it is run as a program",
    "amp_addons/core/conversation/parts.py": "tests/core/conversation/test_read.py: what is made of them",
    "amp_addons/report/model.py": "tests/report/test_reading.py and test_threads.py: what is made of it",
    "amp_addons/core/key.py": "tests/replay/test_totals.py and tests/render/test_tally.py: what is counted by it",
    "amp_addons/core/rules/applied.py": "tests/core/rules/test_ruleset.py: what is said of a rule that matched",
    "amp_addons/core/rules/kinds.py": "tests/core/rules/test_model.py: what is refused",
    "amp_addons/core/rules/match.py": "tests/core/rules/test_model.py: what is refused",
    "amp_addons/core/rules/then.py": "tests/core/rules/test_model.py: what is refused",
    "amp_addons/rulefiles/remote/asking.py": "tests/rulefiles/remote/test_fetch.py: what is asked and answered",
    "amp_addons/suite.py": "tests/test_loading.py: it is run by mitmproxy, not imported",
    "amp_addons/sim/channel.py": "tests/sim/test_server.py: over real sockets",
    "amp_addons/sim/google_array.py": "tests/sim/test_google.py: the same turns in another form",
    "amp_addons/sim/message.py": "tests/sim/test_http1.py: what is sent of it",
    "amp_addons/sim/pace.py": "tests/sim/test_server.py: over real sockets",
    "amp_addons/sim/service.py": "tests/sim/test_routes.py: its answers, row by row",
    "amp_addons/sim/sse.py": "tests/sim/test_streams.py: the events of all providers",
}


def has_code(module: Path) -> bool:
    """Whether there is more in it than a docstring; a package's __init__ and __main__ belong to its modules' tests."""
    body = ast.parse(module.read_text(encoding="utf-8")).body
    docstrings = [node for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    return not module.name.startswith("__") and len(body) > len(docstrings)


def main() -> int:
    modules = [module.relative_to(ROOT) for module in sorted(ROOT.glob("amp_addons/**/*.py")) if has_code(module)]
    missing = {m: Path("tests", *m.parts[1:-1], f"test_{m.name}") for m in modules if m.as_posix() not in ELSEWHERE}
    missing = {module: test for module, test in missing.items() if not (ROOT / test).is_file()}
    for module, test in missing.items():
        print(f"{module}: no {test}; write it, or name the place of its tests in {Path(__file__).relative_to(ROOT)}")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main())
