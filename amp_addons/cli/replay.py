"""`amp-addons replay`: recorded traffic once more: its events, what it amounts to, and what rules would make of it."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

import rich_click as click

from amp_addons.cli import options, output

if TYPE_CHECKING:
    from amp_addons.core.rules.match import Match
    from amp_addons.replay.cluster import Cluster
    from amp_addons.replay.run import Found, Wish
    from amp_addons.sim.server import Service
    from amp_addons.telemetry.resend import Resender


def _speed(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """0 for max: without waiting."""
    if value in (None, "max"):
        return None if value is None else 0.0
    try:
        speed = float(value)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise click.BadParameter(f"found {value!r}, expected a number above 0, such as 10, or max")
    return speed


@click.command()
@click.argument("captures", metavar="CAPTURE…", nargs=-1, required=True)
@options.where
@click.option("--rules", "files", metavar="FILE", multiple=True, help="Say what these rules would have done (repeatable, in order).")
@click.option("--diff", nargs=2, metavar="OLD NEW", help="Only say which flows two rule files treat differently.")
@click.option("--events", metavar="FILE", help="Write the events as JSON Lines ('-': standard output).")
@click.option("--events-detail", type=click.Choice(["event", "flow"]), default="event", show_default=True, help="As amp_events_detail.")
@click.option("--events-content", type=click.Choice(["none", "text"]), default="none", show_default=True, help="As amp_events_content.")
@click.option("--otlp", metavar="URL", help="Send the flows to this OpenTelemetry collector, with their own times (extra otel).")
@click.option("--serve", "port", metavar="PORT", type=click.IntRange(0, 65535), help="Be the service: answer as recorded (0: any port).")
@click.option("--speed", metavar="N", callback=_speed, help="With --serve: times as fast as recorded, or max. [default: 1]")
@click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Processes. [default: one for each core]")
@click.option("--dask", metavar="ADDRESS", help="Read on the Dask cluster with this scheduler (tcp://HOST:8786). Extra: cluster.")
@click.option("--parquet", metavar="DIR", help="Write flows and stream events as Parquet files below DIR. Extra: cluster.")
@options.force
@options.amp_url
@options.catalogs
@options.as_json
def replay(
    captures: tuple[str, ...],
    where: "Match | None",
    files: tuple[str, ...],
    diff: tuple[str, str] | None,
    events: str | None,
    events_detail: str,
    events_content: str,
    otlp: str | None,
    port: int | None,
    speed: float | None,
    jobs: int | None,
    dask: str | None,
    parquet: str | None,
    force: bool,
    amp_url: str,
    catalogs: tuple[str, ...],
    as_json: bool,
) -> int:
    """Read recorded flows and say what they amount to: requests, errors, tokens, cost and times, by endpoint, provider and model.

    CAPTURE is a file of mitmproxy's or of amp_record, a HAR file, a pattern, a URL (extra: cluster), or '-'; compressed by gzip or zstd, or
    not. Of a damaged file everything before the damage is used; the exit status is then 1. Examples:

    \b
        amp-addons replay yesterday.flows
        amp-addons replay 'captures/*.flows' --where 'provider=anthropic model=claude-*' --json
        amp-addons replay yesterday.flows --rules rules.yaml
        amp-addons replay yesterday.flows --otlp http://127.0.0.1:4318
        amp-addons replay yesterday.flows --serve 8090 --speed 10
        amp-addons replay 's3://captures/*.flows' --dask tcp://scheduler:8786 --parquet s3://tables
    """
    from amp_addons.replay.captures import found_files, size_of
    from amp_addons.replay.run import Wish, cores, merged, read_all
    from amp_addons.replay.url import is_url, shown
    from amp_addons.rulefiles.detectors import deepen_scrubbing

    if events == "-" and as_json:
        raise click.UsageError("found --json beside --events -, expected one of them on standard output")
    if events is not None:
        output.refuse_to_replace(events, force)
    _check_extras(captures, dask, parquet)
    if (dask or parquet) and (port is not None or diff or "-" in captures):
        raise click.UsageError("found --dask or --parquet with --serve, --diff or standard input, expected files that are read once")
    if dask and jobs:
        raise click.UsageError("found --jobs beside --dask, expected one of them: the cluster has as many workers as it has")
    if otlp is not None and (port is not None or diff):
        raise click.UsageError("found --otlp beside --serve or --diff, expected it without them")
    resender = None if otlp is None else _resender(otlp)
    names = found_files(captures, urls=True)
    deepen_scrubbing()
    wish = Wish(
        amp_url=amp_url,
        catalogs=catalogs,
        where=where,
        rules=files,
        events=events is not None,
        each_event=events_detail == "event",
        text=events_content == "text",
        tables=parquet if parquet is None or is_url(parquet) else os.path.abspath(parquet),
        telemetry=otlp is not None,
    )
    if speed is not None and port is None:
        raise click.UsageError("found --speed without --serve, expected both")
    if port is not None:
        return _serve(names, wish, port, 1.0 if speed is None else speed)
    if diff:
        return _differences(names, wish, diff, as_json)
    problems: list[str] = []
    with ExitStack() as stack:
        out = _out(events, stack)
        cluster = stack.enter_context(_cluster(dask)) if dask else None
        advance = stack.enter_context(output.progress(sum(map(size_of, names)), lambda: _note(cluster, len(problems)) if cluster else ""))

        def taken(found: "Found") -> None:
            if out is not None:
                out.write(found.lines)
            if found.damage:
                problems.append(f"{shown(found.part.file)}: {found.damage}; what is before it was read")
            if resender is not None:
                resender.take(found.told)
            advance(found.part.size, found.totals.flows)

        read = cluster.read(names, wish, taken) if cluster else read_all(names, wish, jobs or cores(), taken, lambda size: advance(size, 0))
        totals = merged(read)
    _show(totals.as_json(), names, as_json, narrowed=where is not None, quiet=events == "-")
    if resender is not None:
        resender.finish()
        click.echo(f"{resender.flows - resender.lost:,} of {resender.flows:,} flows were sent to the collector", err=True)
        if resender.problem:
            problems.append(f"the collector did not take all that was sent: {resender.problem}")
    for problem in problems:
        click.echo(problem, err=True)
    return int(bool(problems))


def _check_extras(captures: Sequence[str], dask: str | None, parquet: str | None) -> None:
    from amp_addons.extras import lacking
    from amp_addons.replay.url import is_url

    urls = [name for name in (*captures, parquet or "") if is_url(name)]
    needed = ["distributed"] * bool(dask) + ["pyarrow"] * bool(parquet) + ["fsspec"] * bool(urls)
    if problem := lacking("cluster", *needed):
        raise click.UsageError(problem)


def _cluster(address: str) -> "Cluster":
    from amp_addons.replay.cluster import Cluster

    return Cluster(address)


def _note(cluster: "Cluster", damaged: int) -> str:
    from amp_addons.render.units import counted

    return f", {counted(cluster.workers, 'worker')}, {counted(cluster.lost + damaged, 'failure')}"


def _resender(url: str) -> "Resender":
    """What sends flows to a collector."""
    from amp_addons.telemetry.collector import MISSING, base_url, is_installed

    try:
        base, warning = base_url(url)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--otlp") from None
    if not is_installed():
        raise click.ClickException(MISSING)
    if warning:
        click.echo(warning, err=True)
    from amp_addons.telemetry.export import Exporter, is_off
    from amp_addons.telemetry.resend import Resender

    try:
        exporter = Exporter(base)
    except ValueError as error:  # of the SDK, about a variable of its own
        raise click.ClickException(f"found an OTEL_ variable that makes no sense: {error}") from None
    return Resender(exporter, spans=not is_off("TRACES"), metrics=not is_off("METRICS"))


def _show(found: dict[str, object], names: Sequence[str], as_json: bool, *, narrowed: bool, quiet: bool) -> None:
    if as_json:
        output.print_json(found)
    elif not quiet:
        from amp_addons.render.replayed import replayed

        what = "no HTTP flow that --where matches was found" if narrowed else "no HTTP flow was found"
        output.show(*replayed(found, names, what=what))


def _out(events: str | None, stack: ExitStack) -> BinaryIO | None:
    if events is None:
        return None
    if events == "-":
        return sys.stdout.buffer
    from amp_addons.files import open_private

    descriptor = open_private(events)
    os.ftruncate(descriptor, 0)
    return stack.enter_context(os.fdopen(descriptor, "wb"))


def _differences(names: Sequence[str], wish: "Wish", rules: tuple[str, str], as_json: bool) -> int:
    from amp_addons.replay.rulediff import differences

    problems: list[str] = []
    found = list(differences(names, wish, rules, problems.append))
    if as_json:
        output.print_json([each._asdict() for each in found])
    else:
        from amp_addons.core.scrub import visible

        for each in found:
            click.echo(visible(f"{each.time}  {each.flow}  {each.method} {each.url}"))
            click.echo(visible(f"    {each.old}  →  {each.new}"))
    click.echo(f"{len(found):,} flows are treated differently", err=True)
    for problem in problems:
        click.echo(problem, err=True)
    return int(bool(problems))


def _serve(names: Sequence[str], wish: "Wish", port: int, speed: float) -> int:
    import asyncio

    from amp_addons.cli.session import port_problem
    from amp_addons.core.scrub import visible
    from amp_addons.replay.run import Reader
    from amp_addons.replay.serve import serve
    from amp_addons.replay.standin import StandIn

    if port and (problem := port_problem(port, "--serve")):
        raise click.ClickException(problem)
    problems: list[str] = []
    standin = StandIn(Reader(wish).flows(names, problems.append), speed, lambda line: click.echo(visible(line), err=True))
    for problem in problems:
        click.echo(problem, err=True)
    if not standin.count:
        raise click.ClickException("found no answer in the captures, expected at least one recorded answer")
    if standin.left_out:
        click.echo(f"{standin.left_out:,} answers were left out: they are too large to be held", err=True)

    def ready(service: "Service") -> None:
        click.echo(f"{standin.count:,} recorded answers, on 127.0.0.1:{service.port} until Ctrl-C. In the shell that starts the client:\n")
        click.echo(f"  export AMP_URL=http://127.0.0.1:{service.port}\n")
        click.echo(
            f"or, for hosts other than the service too:\n\n  export HTTPS_PROXY={service.proxy_url} NODE_USE_ENV_PROXY=1 "
            f"NODE_EXTRA_CA_CERTS={service.ca_path}"
        )

    asyncio.run(serve(standin, port, ready))
    return int(bool(problems))
