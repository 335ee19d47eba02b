"""Shows pictures in its text whose paths lead to files of the course.

start: challenge
deserves: full
flag: maybe
"""

# %%
print("see the pictures below")


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_markdown_cell

    paths = [
        "../../../gradebook.db",
        "../../../.autograder/seed",
        "/etc/passwd",
        "file:///etc/passwd",
    ]
    text = "\n\n".join(f"![picture]({path})" for path in paths)
    text += "\n<img src='../../../source/header.ipynb'><object data='/etc/passwd'></object>"
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "written_answer":
            cell.source += text
    notebook.cells.append(new_markdown_cell(text))
