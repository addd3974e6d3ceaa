import pytest

from amp_addons.launch import secret

OPEN = "version: 1\nupstreams: {own: {url: https://gateway.example}}\nrules: []\n"
KEYED = "version: 1\nupstreams: {own: {url: https://gateway.example, credential: {header: x-api-key, env: NONE_SUCH}}}\nrules: []\n"


@pytest.mark.parametrize(
    ("texts", "expected"), [([], False), ([OPEN], False), ([KEYED], True), ([OPEN, KEYED.replace("own", "two")], True)]
)
def test_wanted_where_a_credential_is_attached(tmp_path, texts, expected):
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    assert secret.wanted([str(file) for file in files], []) is expected


def test_it_is_another_each_time_and_kept_for_its_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first, second = secret.new(), secret.new()
    assert first != second and first.startswith("amp:") and len(first) > 30
    assert secret.kept(8080) is None
    secret.keep(8080, first)
    assert secret.kept(8080) == first and secret.kept(8081) is None
    [file] = (tmp_path / "amp-addons" / "run").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    secret.keep(8080, None)
    secret.keep(8080, None)
    assert secret.kept(8080) is None
