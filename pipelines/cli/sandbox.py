"""`cbr-warehouse sandbox`: a CBR service on loopback with synthetic data."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from pipelines.errors import ConfigurationError


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on. Default: any free port.")
def sandbox(port: int) -> None:
    """Serve synthetic backups on loopback until interrupted.

    Prints a clouds.yaml for the service.
    """
    import yaml

    from pipelines.sandbox import serve

    with _port_errors(port), serve(port=port) as server:
        click.echo(yaml.safe_dump({"clouds": {"loopback": server.cloud()}}, sort_keys=False), nl=False)
        click.echo("# press Ctrl-C to stop", err=True)
        try:
            server.wait()
        except KeyboardInterrupt:
            return


@contextmanager
def _port_errors(port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"port {port} can't be listened on: {error.strerror}", "Choose another port with --port."
        ) from None
