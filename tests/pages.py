"""What must never be on a page of ours: requests to elsewhere, and markup that others wrote."""

import re
from urllib.parse import unquote

from bs4 import BeautifulSoup

LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping"}
RUNNING = ["script", "iframe", "object", "embed", "form", "base", "applet", "svg", "template"]


def requests(html):
    """All that a browser would fetch from elsewhere."""
    soup = BeautifulSoup(html, "html.parser")
    found = [
        f"<{tag.name} {name}={value}>"
        for tag in soup.find_all(True)
        for name, value in tag.attrs.items()
        if (name in LOADING or (name == "href" and tag.name != "a"))
        and not str(value).startswith(("data:image/png;", "data:image/jpeg;", "data:,"))
    ]
    styles = [tag.get_text() for tag in soup.select("style")]
    styles += [str(tag["style"]) for tag in soup.select("[style]")]
    return found + [hit for css in styles for hit in re.findall(r"url\(|@import", css)]


def dangers(html):
    """All that would run, or lead to what runs."""
    soup = BeautifulSoup(html, "html.parser")
    found = [str(tag)[:60] for tag in soup.find_all(RUNNING)]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            link = unquote(str(value)).strip().lower()
            if name.startswith("on") or (
                name in ("href", "src", "xlink:href")
                and not link.startswith(
                    ("#", "http:", "https:", "mailto:", "data:image/", "data:,")
                )
            ):
                found.append(f"{tag.name} {name}={value}")
    return found


EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<iframe src=https://evil.example></iframe>",
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://evil.example/x.png)",
    '![x" onerror="alert(1)](attachment:a.png)',
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    r"$\text{<script>alert(1)</script>}$",
    r"$\href{javascript:alert(1)}{x} \style{background:url(https://evil.example)}{x}$",
    r"$$\class{x" + '"' + r" onclick=alert(1)}{x} \color{red" + '"' + r"><script>}{x}$$",
    "<style>@import 'https://evil.example';</style>",
    "| a |\n| --- |\n| <script>alert(1)</script> |",
    "</section></main><form action=https://evil.example>",
    "{{ 7 * 7 }}{% raw %}",
]
"""What a student, a grader or a name could try."""
