from click.testing import CliRunner

from amp_addons.cli.demo import demo


def test_help_has_an_example():
    found = CliRunner().invoke(demo, ["--help"])
    assert found.exit_code == 0 and "amp-addons demo -- --set amp_events=demo.jsonl" in found.output


def test_pace_out_of_range_is_misuse():
    assert CliRunner().invoke(demo, ["--pace", "-1"]).exit_code == 2
