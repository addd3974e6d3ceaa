"""What commands share that start a proxy: its port, where it records to, and who may use it."""

import rich_click as click


def port_problem(port: int, option: str = "--port") -> str | None:
    """A sentence when nobody can listen on this loopback port now, with what to do. `option` is what chose it."""
    import errno
    import socket

    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
            attempt.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} of 127.0.0.1 is in use already. Stop what listens there, or choose another port: {option} {port + 1}."
            return f"cannot listen on port {port} of 127.0.0.1: {error.strerror}. Choose another port, above 1023: {option} 8081."
    return None


def default_recording() -> str:
    """Where a recording goes that is given no name."""
    from amp_addons.state import make_private, state_folder

    folder = state_folder() / "captures"
    make_private(folder)
    return str(folder).replace("%", "%%") + "/%Y%m%d-%H%M%S.flows"


def session_secret(files: tuple[str, ...], catalogs: tuple[str, ...], reverse: bool) -> str | None:
    """What clients must know, where rules attach a credential to whatever comes by."""
    from amp_addons.launch import secret

    if not secret.wanted(files, catalogs):
        return None
    if reverse:
        raise click.UsageError(
            "found --reverse with rules that attach a credential: any program on this machine could use it; expected them without --reverse"
        )
    return secret.new()
