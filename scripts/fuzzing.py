"""Runs one target under atheris (libFuzzer): see scripts/fuzz."""

import sys

import atheris

with atheris.instrument_imports(include=["amp_addons"]):
    # Imported here so that their branches are seen, the ones imported on first use too.
    from support.fuzz_target import check

    import amp_addons.core.apis.amp_connect
    import amp_addons.core.apis.anthropic_messages
    import amp_addons.core.apis.google_generatecontent
    import amp_addons.core.apis.openai_chat
    import amp_addons.core.apis.openai_responses  # noqa: F401

name = sys.argv.pop(1)
atheris.Setup(sys.argv, lambda data: check(name, data))
atheris.Fuzz()
