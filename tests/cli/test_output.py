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
