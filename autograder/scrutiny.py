"""Reads a submission's source for what plainly is an attack, and for what makes looking twice worth
its time. Nothing is run, and no mark depends on it: a sign is for the instructor, a doubt costs
the grader a second look. What earns marks, other evidence decides.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard


@dataclass
class Reading:
    """What a submission's source shows.

    Args:
        signs: What only an attack does, in clauses for the instructor, each once.
        doubts: What could hide something, and mostly does not.
        words: The words of the source: what the submission can say without having learnt anything.
        lines: Its lines, stripped.
        digest: Changes with the source.
    """

    signs: list[str] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    lines: set[str] = field(default_factory=set)
    digest: str = ""

    @property
    def in_doubt(self) -> bool:
        """Whether it is worth the time to look at everything."""
        return bool(self.signs or self.doubts)


_SIGNS = {
    "_getframe": "looks into the stack of the program that runs it",
    "_current_frames": "looks into the stack of the program that runs it",
    "currentframe": "looks into the stack of the program that runs it",
    "getouterframes": "looks into the stack of the program that runs it",
    "f_back": "looks into the stack of the program that runs it",
    "tb_frame": "looks into the stack of the program that runs it",
    "f_locals": "reads variables of other functions",
    "get_objects": "searches the memory for objects of others",
    "get_referrers": "searches the memory for objects of others",
    "setprofile": "switches off the record of what it calls",
    "settrace": "switches off the record of what it calls",
    "getppid": "looks for the process that runs it",
    "killpg": "signals other processes",
    "pidfd_open": "signals other processes",
    "prlimit": "changes limits of a process",
    "setpriority": "changes the priority of processes",
    "addaudithook": "hooks into the interpreter",
    "ast_transformers": "changes the code of later cells",
    "input_transformers_cleanup": "changes the code of later cells",
    "input_transformers_post": "changes the code of later cells",
    "input_transformer_manager": "changes the code of later cells",
    "displayhook": "changes what cells show",
    "display_pub": "changes what cells show",
    "memfd_create": "takes memory where no limit counts it",
    "__array_function__": "stands in for an array",
    "__array_ufunc__": "stands in for an array",
    "__array_interface__": "stands in for an array",
    "__tf_tensor__": "stands in for a tensor",
}
"""Names that no solution of a lab needs, as attributes or imported."""

_MODULES = {
    "ctypes": "reaches below Python (ctypes)",
    "_ctypes": "reaches below Python (ctypes)",
    "cffi": "reaches below Python (cffi)",
    "autograder": "reaches for the grader",
    "_pytest": "reaches for the grader",
    "pytest": "reaches for the grader",
    "layerlab": "reaches into layerlab's own modules",
    "msgpack": "speaks the grader's own language (msgpack)",
    "atexit": "leaves code that runs when it has ended",
}
"""Modules that no solution needs; of `layerlab` only what lies below its front door."""

_PATHS = re.compile(
    r"/proc\b|gradebook|\.autograder|/dev/shm|/dev/mqueue|conftest|(site|user)customize"
    r"|layerlab\.verdict|PYTEST_|LD_PRELOAD"
    r"|\.\./.*(source|submitted|autograded|feedback|solutions)|\bsubmitted/|/etc/(passwd|shadow)"
)
"""In a text: a place that nobody has to look at."""

_DYNAMIC = frozenset(
    """
    eval exec compile __import__ importlib globals locals vars __dict__ __class__ __bases__ __mro__
    __subclasses__ __globals__ __code__ __closure__ __builtins__ builtins import_module reload
    modules subprocess Popen fork popen system spawn Thread ThreadPoolExecutor Process
    multiprocessing threading _thread gc py_function numpy_function deserialize from_config
    model_from_json load_model load import_graph_def executing_eagerly inside_function
    get_default_graph run_cell attrgetter methodcaller inspect pickle marshal base64 codecs
    linecache socket os sys signal
    """.split()
)
"""Names by which something could be reached or hidden that the source does not name."""


_INTERNAL = ("tensorflow.python", "keras.src")
"""Modules in which everything has another name than the documented one."""


def read(sources: Iterable[str]) -> Reading:
    """Reads the cells that a submission runs.

    Args:
        sources: Their code; magics and cells with syntax errors are read as words alone.
    """
    reading, digest = Reading(), hashlib.sha256()
    for source in sources:
        digest.update(f"{len(source)}:{source}".encode(errors="surrogatepass"))
        reading.words.update(re.findall(r"[^\W\d]\w*", source))
        reading.lines.update(line.strip() for line in source.splitlines())
        tree = _parsed(source)
        if tree is None:
            continue
        modules = set(_modules(tree))
        for node in ast.walk(tree):
            for sign in _signs(node, modules):
                if sign not in reading.signs:
                    reading.signs.append(sign)
            reading.doubts.update(_doubts(node))
    reading.digest = digest.hexdigest()
    return reading


def _parsed(source: str) -> ast.Module | None:
    """The code of a cell without its magics; `None` if it is not Python."""
    lines = ["" if line.lstrip()[:1] in ("%", "!") else line for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _modules(tree: ast.AST) -> Iterator[str]:
    """Names that stand for modules: imported by the cell, or by the notebook's first one."""
    yield from ("keras", "plt", "np", "tf")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]


def _signs(node: ast.AST, modules: set[str]) -> Iterator[str]:
    for module in _imported(node):
        top, _, below = module.partition(".")
        if top in _MODULES and (top != "layerlab" or below):
            yield _MODULES[top]
    name = _name(node)
    if name in _SIGNS:
        yield _SIGNS[name]
    for target in _assigned(node):
        if isinstance(target, ast.Attribute) and _root(target) in modules - {"sys", "plt"}:
            yield f"replaces `{ast.unparse(target)[:60]}`"
        if isinstance(target, ast.Attribute) and _calls(target.value, "get_ipython"):
            yield f"replaces the notebook's own `{target.attr}`"
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "sys.modules":
            yield "replaces a module"
    if _calls(node, "type") and len(node.args) == 3 and not isinstance(node.args[0], ast.Constant):
        yield "makes a class whose name it computes"
    if _calls(node, "kill") and _root(node.func) == "os":
        yield "signals other processes"
    if _calls(node, "setattr", "delattr") and _root(next(iter(node.args), node)) in modules:
        yield f"replaces something in `{ast.unparse(node.args[0])[:60]}`"
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = _PATHS.search(node.value)
        if found and "\n" not in node.value:  # a docstring may speak of anything
            yield f"names a place that is not its own ({found[0].strip()[:30]!r})"


def _doubts(node: ast.AST) -> Iterator[str]:
    name = _name(node)
    if name in _DYNAMIC:
        yield name
    for module in _imported(node):
        if module.partition(".")[0] in _DYNAMIC or module.startswith(_INTERNAL):
            yield module
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        yield "import *"
    if _calls(node, "getattr") and not all(isinstance(x, ast.Constant) for x in node.args[1:2]):
        yield "getattr"


def _calls(node: ast.AST, *names: str) -> TypeGuard[ast.Call]:
    """Whether a node calls something of these names."""
    return isinstance(node, ast.Call) and _name(node.func) in names


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module]
    return []


def _name(node: ast.AST) -> str:
    """The name that a node speaks: of a variable, an attribute, an import, a call's function."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.alias):
        return node.name.rpartition(".")[2]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name
    if isinstance(node, ast.Call):
        return _name(node.func)
    return ""


def _assigned(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        return [node.target]
    return node.targets if isinstance(node, ast.Delete) else []


def _root(node: ast.AST) -> str:
    """The variable that a chain of attributes starts from."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
