from amp_addons.core.fields import FieldError


def test_the_message_names_field_found_and_expected() -> None:
    error = FieldError("route", "'direct'", "proxied")
    assert (str(error), error.key) == ("route: found 'direct', expected proxied", "route")
    assert isinstance(error, ValueError)
