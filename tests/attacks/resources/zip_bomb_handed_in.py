"""Hands in an archive of a quarter of a gigabyte of zeros, and attaches it to a cell.

start: challenge
deserves: full
flag: maybe
"""

# %%
print("an archive lies beside this notebook")


# %% hand-in
def hand_in(notebook, folder):
    import base64
    import io
    import zipfile

    from nbformat.v4 import new_markdown_cell

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(16):
            archive.writestr(f"zeros{number}", bytes(2**24))
    (folder / "data.zip").write_bytes(buffer.getvalue())
    data = base64.b64encode(buffer.getvalue()).decode()
    cell = new_markdown_cell("![a](attachment:a.png)")
    cell["attachments"] = {"a.png": {"image/png": data}, "a.zip": {"application/zip": data}}
    notebook.cells.append(cell)
