"""Writes its answer with an attached picture and some HTML.

start: challenge
deserves: full
flag: no
"""

# %%
print(6)


# %% hand-in
def hand_in(notebook, folder):
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk"
    pixel += "+A8AAQUBAScY42YAAAAASUVORK5CYII="
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "written_answer":
            cell.source += "\n\nIt keeps channels <b>apart</b>: ![drawing](attachment:drawing.png)"
            cell["attachments"] = {"drawing.png": {"image/png": pixel}}
    (folder / "notes.txt").write_text("my notes")
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
