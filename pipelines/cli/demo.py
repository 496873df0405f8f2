"""`cbr-warehouse demo`: the whole job on synthetic data."""

import click

from pipelines.cli.job import progress_bars, run_job
from pipelines.cli.options import verbose_option
from pipelines.config import DEMO_HOME, SANDBOX, Settings
from pipelines.storage.home import Home


@click.command()
@click.option(
    "--home", metavar="DIR", default=DEMO_HOME, show_default=True, help="The folder that holds the data of the demo."
)
@verbose_option
def demo(home: str, verbose: bool) -> None:
    """Run the job on synthetic data, and write its report.

    The data is served on loopback. A month of earlier snapshots is read first.
    """
    from pipelines import clock
    from pipelines.flow.demo_past import land_past
    from pipelines.reports.report import LATEST, PAGE, write_report
    from pipelines.reports.summary import relative_to_cwd

    settings = Settings.load(home, {"CBR_CLOUDS": SANDBOX})
    with progress_bars() as progress:
        last_reading = land_past(settings, progress)
    with clock.shifted_to(last_reading):
        run_job(settings, verbose=verbose)
    write_report(Home(settings.home))
    click.echo(f"report     {relative_to_cwd(Home(settings.home).reports / LATEST / PAGE)}")
