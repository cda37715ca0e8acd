"""Checks a notebook by nbformat's schema, runs it, and prints what it printed.

    python3 tests/page/run_notebook.py NOTEBOOK
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

file = Path(sys.argv[1])
notebook = nbformat.read(file, as_version=nbformat.NO_CONVERT)
nbformat.validate(notebook)
NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(file.parent)}}).execute()
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(output.get("text", ""), end="")
