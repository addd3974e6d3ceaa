from amp_addons.rulefiles.shipped import shipped


def test_the_shipped_folder_is_found() -> None:
    assert shipped("catalog", "classic.yaml").is_file()
