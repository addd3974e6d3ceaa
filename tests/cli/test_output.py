import pytest
from rich.text import Text

from amp_addons.cli import output


def test_json_is_indented_and_in_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"a": ["ä", None]})
    assert capsys.readouterr().out == '{\n  "a": [\n    "ä",\n    null\n  ]\n}\n'


def test_a_pipe_gets_plain_lines_of_any_length(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.width() == output.PIPE_WIDTH
    output.show(Text("a" * 300, "red"), Text("b   "))
    assert capsys.readouterr().out == f"{'a' * 300}\nb\n"


def test_hints_can_be_typed_where_the_program_is_not_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    hint = 'Then eval "$(amp-addons env)", or `amp-addons run`; ~/.local/state/amp-addons/x and amp-addons itself stay.'
    path = output.program()
    assert path.endswith("/amp-addons")
    assert output.typed(hint) == hint.replace("amp-addons env", f"{path} env").replace("amp-addons run", f"{path} run").replace(
        "amp-addons itself", f"{path} itself"
    )
    monkeypatch.setenv("PATH", path.removesuffix("/amp-addons"))
    assert output.typed(hint) == hint
