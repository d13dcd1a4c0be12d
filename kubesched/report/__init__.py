"""Results as people read them: tables on a terminal, a page, pictures."""

from typing import TYPE_CHECKING

from kubesched.lazy import export

if TYPE_CHECKING:
    from kubesched.report.plots import write_plots
    from kubesched.report.replay_tables import print_replay
    from kubesched.report.write_report import write_report

__all__ = ["print_replay", "write_plots", "write_report"]

export(
    __name__,
    {
        "print_replay": "kubesched.report.replay_tables",
        "write_plots": "kubesched.report.plots",
        "write_report": "kubesched.report.write_report",
    },
)
