def test_beyond_this_machine_only_with_a_password(run, tmp_path):
    code, _, err = run("run", "--listen-host", "0.0.0.0")
    assert code == 2 and "expected --proxy-auth FILE" in err
    (tmp_path / "auth").write_text("nonsense")
    code, _, err = run("run", "--port", "0", "--proxy-auth", str(tmp_path / "auth"))
    assert code == 2 and "found no `user:password`" in err and "nonsense" not in err
