"""Lines and tables on a terminal, and as plain lines in a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_line(text: str, console: Console, style: str = "") -> None:
    """Print a line as it stands: names of files and nodes may hold what rich takes for markup."""
    console.print(text, style=style, highlight=False, markup=False, emoji=False, soft_wrap=True)


def print_table(title: str, header: list[str], rows: list[list[str]], console: Console) -> None:
    """Print a table on a terminal; in a pipe its rows, cells apart by tabs, without the header."""
    if not console.is_terminal:
        print_line(f"\n{title}:", console)
        for row in rows:
            print_line("  " + "\t".join(row), console)
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
