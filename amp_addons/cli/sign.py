"""`amp-addons sign`: sign a rule file or catalog for proxies that have it by URL, and make the key for it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from amp_addons.cli import options
from amp_addons.cli.output import refuse_to_replace
from amp_addons.core.signature import Kind, content_of, public, sign
from amp_addons.rulefiles.problems import RuleFileError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from amp_addons.rulefiles.yamlfile import Document

_MAX_KEY = 8192


@click.command("sign")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", metavar="KEYFILE", type=click.Path(path_type=Path), help="The private key.")
@click.option("-o", "--output", metavar="OUT", type=click.Path(path_type=Path), help="Write it there. [default: standard output]")
@click.option("--kind", type=click.Choice(["rules", "catalog"]), help="What FILE is. [default: by its keys]")
@options.force
@click.option("--new-key", metavar="KEYFILE", type=click.Path(path_type=Path), help="Make a private key, and print the public one.")
def sign_(file: Path | None, key: Path | None, output: Path | None, kind: Kind | None, force: bool, new_key: Path | None) -> None:
    """Sign FILE, a rule file or a catalog with a `serial`, for proxies that have it by URL (amp_rules, amp_catalog). A signature that it
    has is replaced. Raise the serial with each version: proxies take no older one. A new key's public half,
    which is printed, goes into amp_trust. Examples:

    \b
        amp-addons sign --new-key signing.key
        amp-addons sign rules.yaml --key signing.key -o public/rules.yaml
    """
    if new_key is not None:
        if file or key or output or kind:
            raise click.UsageError("found --new-key beside others, expected it alone")
        return click.echo(_make_key(new_key))
    if file is None or key is None:
        raise click.UsageError("found no FILE or no --key KEYFILE, expected both")
    if output is not None:
        refuse_to_replace(output, force or _is_signed(output))
    private = _read_key(key)
    signed = _signed(file, kind, private)
    if output is None:
        sys.stdout.buffer.write(signed)
    else:
        _write(output, signed)
    click.echo(f"signed by {public(private)}", err=True)


def _is_signed(path: Path) -> bool:
    """Whether an earlier version is there, which a new one may replace."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        start = stream.read(1024)
    return content_of(start) != start


def _signed(file: Path, kind: Kind | None, key: "Ed25519PrivateKey") -> bytes:
    from amp_addons.rulefiles.yamlfile import MAX_BYTES, parse, text_of

    with file.open("rb") as stream:
        data = content_of(stream.read(MAX_BYTES + 1))
    if len(data) > MAX_BYTES - 200:
        raise click.ClickException(f"{file}: found more than {MAX_BYTES - 200:,} bytes, expected a YAML file with room for its signature")
    document = parse(text_of(str(file), data), str(file))
    try:
        return sign(_checked(document, kind), data, key)
    except ValueError as error:
        if isinstance(error, RuleFileError):
            raise
        raise click.ClickException(f"{file}: found two signatures, expected {error}") from None


def _checked(document: "Document", kind: Kind | None) -> Kind:
    """The kind of a file that proxies would take, as far as can be told without their own. Raises RuleFileError."""
    from amp_addons.rulefiles.node import Mapping
    from amp_addons.rulefiles.remote.remotes import serial_of
    from amp_addons.rulefiles.remote.rights import file_problems
    from amp_addons.rulefiles.schema import decode

    keys = document.root.items if isinstance(document.root, Mapping) else {}
    if kind == "catalog" or (kind is None and {"endpoints", "catalog", "seen"} & keys.keys()):
        from amp_addons.rulefiles.catalog import CatalogFile

        decode(document, CatalogFile, unique=[("endpoints", "id"), ("seen", "endpoint")])
        serial_of(document)
        return "catalog"
    from amp_addons.core.rules.model import RuleFile
    from amp_addons.rulefiles.included import ALL, Source

    made = decode(document, RuleFile, unique=[("rules", "id")], checked=True)
    serial_of(document)
    if problems := list(file_problems(Source(Path(), made, document, ALL, is_remote=True))):
        raise RuleFileError(problems)
    return "rules"


def _make_key(path: Path) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        # Never over another key: what that has signed could be signed by nobody any more.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise click.ClickException(f"found {path}, expected a name that nothing has yet") from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(pem)
    return str(public(key))


def _read_key(path: Path) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from amp_addons.files import read_private

    data = read_private(path, _MAX_KEY)
    try:
        key = serialization.load_pem_private_key(data, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise click.ClickException(f"{path}: found something else, expected a private key of `amp-addons sign --new-key`")
    return key


def _write(path: Path, data: bytes) -> None:
    """It is for everybody to read: a usual file, written at once and as a whole."""
    from amp_addons.files import replace_private

    replace_private(path, data)
    os.chmod(path, 0o644)
