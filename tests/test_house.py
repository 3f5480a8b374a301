"""Checks of the house rules: size limits, import direction, names, and what only one module may do."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "doublure"
TEXTS = ("README.md", "NOTICE", "Makefile", "pyproject.toml", "constraints.txt", ".gitignore")
FOLDERS = ("src", "tests", "benchmarks", "docs", "demo", "examples", "actor", "training", ".ci")
TEXT_SUFFIXES = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".html", ".css", ".js", ".csv", ".conf", ""}

MODULE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 6
METHODS = 12
"""Methods of a class, without special methods (`__init__`, `__len__` ...). A higher limit needs a reason in
`RAISED`."""
RAISED: dict[str, tuple[int, str]] = {
    "actor.motion.Movement": (
        15,
        "one body in time: each method is one of its movements, all share its clock",
    ),
    "show.room.Room": (16, "the one door of console and command line: every order and every view of a show"),
}
"""Higher limits by `module` or `module.function`, with the reason."""

# ---- who may import whom ---------------------------------------------------------------------

TIERS: dict[str, int] = {
    "": 0,  # the vocabulary: the top-level modules
    "store": 1,
    "trust": 2,
    "shop": 2,
    "chat": 3,
    "conversation": 3,
    "voice": 3,
    "picture": 3,
    "air": 4,
    "scripts": 4,
    "show": 5,
    "enrol": 5,
    "console": 6,
    "cluster": 6,
    "cli": 7,
    "__main__": 8,
}
"""A package may import itself, packages of a lower tier and the vocabulary, but no other package of its own
tier."""
ENGINES: dict[str, tuple[str, ...]] = {
    "chat.connectors": ("listen",),
    "conversation.writers": ("answer", "judge", "truth"),
    "voice.engines": ("speaker", "cache", "fallback", "readings"),
    "picture.faces": ("painter", "overlay"),
    "air.sinks": ("performer", "publisher", "output", "encoder"),
}
"""Folders of engines, and the stages of each package, which call engines and which no engine may import. An
engine may import the vocabulary, lower packages, and the protocol, settings and tools of its own package."""
ONLY_IMPORTER: dict[str, tuple[str, ...]] = {
    "ray": ("cluster",),
    "torch": (),
    "mediapipe": ("enrol",),
    "av": ("air", "picture.body", "picture.mouth", "voice.engines", "voice.pace", "enrol"),
    "fastapi": ("console",),
    "uvicorn": ("console",),
    "openai": ("conversation",),
    "typer": ("cli",),
    "sqlalchemy": ("store", "trust.journal", "trust.audit"),
}
"""Heavy libraries, and the only packages or modules that may import them."""
FOLDER_FILES = 16
"""Most modules in a folder, without `__init__` and `__main__`."""
FULLER = {"": (20, "the vocabulary is flat, so that everybody's imports of it are short")}
"""Folders that may have more, with the reason."""
DEEP = ("voice.engines.kokoro", "store.migrations.versions")
"""Folders allowed on the third level: one engine of many files, and Alembic's migrations."""

# ---- names -----------------------------------------------------------------------------------

NEVER = {"manager", "handler", "helper", "utils", "util", "common", "core", "base", "factory", "service"}
NOT_OUR_WORDS = {
    "task",
    "job",
    "item",
    "items",
    "tasks",
    "jobs",
    "data",
    "info",
    "session",
    "sessions",
    "agent",
    "agents",
    "bot",
    "bots",
}
THEIR_NAMES = {
    "task_status": "anyio's name for what a started stage reports to",
    "base_url": "the openai client's name of its address",
    "time_base": "FFmpeg's word for the unit of its time stamps",
    "_data": "the name html.parser calls",
    "handle_data": "the name html.parser calls",
}

WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Module:
    """One parsed source file."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """Dotted, below the package: `sinks.rtmp`."""
        base = PACKAGE if self.path.is_relative_to(PACKAGE) else ROOT
        parts = self.path.relative_to(base).with_suffix("").parts
        return ".".join(part for part in parts if part != "__init__")

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


@cache
def modules(folder: Path = PACKAGE) -> tuple[Module, ...]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Module(path, ast.parse(text, str(path)), text.count("\n")))
    return tuple(found)


def hold(rule: Callable[[Module], Iterator[str]], *, tools: bool = False) -> None:
    """Fail with all violations of a rule, each with its module and line. With `tools` it applies also to the
    actor, which is not part of the package."""
    among = modules() + (modules(ROOT / "actor") if tools else ())
    broken = {f"{module.name or 'doublure'}:{wrong}" for module in among for wrong in rule(module)}
    assert not broken, "\n" + "\n".join(sorted(broken))


def walk(module: Module, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(module.tree) if isinstance(node, kinds))


def imported(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import anywhere in the module."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{module.name}:{node.lineno}: relative import"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def called(module: Module) -> Iterator[tuple[ast.Call, str]]:
    for node in walk(module, ast.Call):
        assert isinstance(node, ast.Call)
        yield node, dotted(node.func)


# ---- limits ------------------------------------------------------------------------------------


def ceiling(name: str, usual: int) -> int:
    return RAISED.get(name, (usual, ""))[0]


def test_modules_are_short() -> None:
    def rule(module: Module) -> Iterator[str]:
        if module.lines > ceiling(module.name, MODULE_LINES):
            yield f" {module.lines} lines"

    hold(rule, tools=True)


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in walk(module, ast.FunctionDef, ast.AsyncFunctionDef):
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        yield node


def test_functions_are_short() -> None:
    def rule(module: Module) -> Iterator[str]:
        for function in functions(module):
            assert function.end_lineno is not None
            lines = function.end_lineno - function.lineno + 1
            if lines > ceiling(f"{module.name}.{function.name}", FUNCTION_LINES):
                yield f"{function.lineno} {function.name} has {lines} lines"

    hold(rule, tools=True)


def test_functions_take_few_parameters() -> None:
    def rule(module: Module) -> Iterator[str]:
        for function in functions(module):
            if module.top == "cli" and any(".command" in dotted(one) for one in decorators(function)):
                continue  # typer reads a command's options from its parameters
            given = function.args
            names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
            count = len([name for name in names if name not in ("self", "cls", "task_status")])
            if count > ceiling(f"{module.name}.{function.name}", PARAMETERS):
                yield f"{function.lineno} {function.name} takes {count} parameters"

    hold(rule, tools=True)


def decorators(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    for decorator in function.decorator_list:
        yield decorator.func if isinstance(decorator, ast.Call) else decorator


def test_classes_have_few_methods() -> None:
    def rule(module: Module) -> Iterator[str]:
        for node in walk(module, ast.ClassDef):
            assert isinstance(node, ast.ClassDef)
            methods = [
                one.name
                for one in node.body
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and not one.name.startswith("__")
            ]
            if len(methods) > ceiling(f"{module.name}.{node.name}", METHODS):
                yield f"{node.lineno} {node.name} has {len(methods)} methods"

    hold(rule, tools=True)


def test_every_raised_ceiling_has_its_reason_and_its_use() -> None:
    among = (*modules(), *modules(ROOT / "actor"))
    known = {module.name for module in among}
    for module in among:
        known |= {f"{module.name}.{function.name}" for function in functions(module)}
        known |= {f"{module.name}.{node.name}" for node in walk(module, ast.ClassDef)}  # type: ignore[attr-defined]
    for name, (_, reason) in RAISED.items():
        assert name in known
        assert len(reason) > 20


# ---- import direction --------------------------------------------------------------------------


def package_of(name: str) -> str:
    """The package that a module (dotted, below ours) belongs to, "" for the vocabulary."""
    top = name.partition(".")[0]
    return top if top == "__main__" or (PACKAGE / top).is_dir() else ""


def ours(module: Module) -> Iterator[tuple[int, str]]:
    """Line and module (dotted, below ours) of every import of our own, including those for type checks."""
    known = {one.name for one in modules()}
    for line, name in imported(module):
        if name.startswith("doublure."):
            below = name.removeprefix("doublure.")
            yield line, below if below in known else below.rpartition(".")[0]


def test_packages_import_lower_ones_only() -> None:
    def rule(module: Module) -> Iterator[str]:
        here = package_of(module.name)
        for line, name in ours(module):
            there = package_of(name)
            if there != here and TIERS[there] >= TIERS[here]:
                yield f"{line} imports {name}"

    hold(rule)


def test_every_package_has_its_tier() -> None:
    assert {package_of(module.name) for module in modules()} <= set(TIERS)


def test_engines_import_no_stage() -> None:
    def rule(module: Module) -> Iterator[str]:
        for folder, stages in ENGINES.items():
            if module.name.startswith(f"{folder}."):
                package = package_of(module.name)
                for line, name in ours(module):
                    if name in {f"{package}.{stage}" for stage in stages}:
                        yield f"{line} imports {name}"

    hold(rule)


def test_folders_are_small_and_shallow() -> None:
    count: dict[str, int] = {}
    for module in modules():
        folder = ".".join(module.path.relative_to(PACKAGE).parts[:-1])
        if not module.path.name.startswith("__"):
            count[folder] = count.get(folder, 0) + 1
        assert folder.count(".") < 2 or folder in DEEP, (
            f"{module.name}: a package and one folder in it, no more"
        )
    assert not {one: n for one, n in count.items() if n > FULLER.get(one, (FOLDER_FILES, ""))[0]}


def test_nobody_imports_in_a_circle() -> None:
    known = {module.name for module in modules()}
    edges: dict[str, set[str]] = {}
    for module in modules():
        targets = set()
        guarded = [one for node in module.tree.body if isinstance(node, ast.If) for one in node.body]
        for node in (*module.tree.body, *guarded):  # a circular import inside functions does no harm
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("doublure."):
                below = node.module.removeprefix("doublure.")
                for alias in node.names:
                    full = f"{below}.{alias.name}"
                    targets.add(full if full in known else below)
            elif isinstance(node, ast.ImportFrom) and node.module == "doublure":
                targets |= {alias.name for alias in node.names}
        edges[module.name] = targets & known - {module.name}

    def circle(name: str, path: tuple[str, ...]) -> tuple[str, ...] | None:
        if name in path:
            return (*path[path.index(name) :], name)
        if name in clear:
            return None
        for target in sorted(edges[name]):
            found = circle(target, (*path, name))
            if found:
                return found
        clear.add(name)
        return None

    clear: set[str] = set()
    assert [found for name in sorted(edges) if (found := circle(name, ()))] == []


@pytest.mark.parametrize("library", sorted(ONLY_IMPORTER))
def test_heavy_libraries_have_few_importers(library: str) -> None:
    def rule(module: Module) -> Iterator[str]:
        for line, name in imported(module):
            may = any(f"{module.name}.".startswith(f"{place}.") for place in ONLY_IMPORTER[library])
            if name.partition(".")[0] == library and not may:
                yield f"{line} imports {library}"

    hold(rule)


# ---- what only one module may do ---------------------------------------------------------------


def test_only_the_command_line_prints() -> None:
    def rule(module: Module) -> Iterator[str]:
        for call, name in called(module):
            if name in ("print", "sys.stdout.write", "sys.stderr.write"):
                yield f"{call.lineno} {name}"
            if name in ("typer.echo", "click.echo", "typer.secho") and module.name != "cli.terminal":
                yield f"{call.lineno} {name}"

    hold(rule)
    cli = next(module for module in modules() if module.name == "cli.terminal")
    assert len([name for _, name in called(cli) if name.startswith("typer.") and "echo" in name]) == 1


TIME = re.compile(
    r"^(time\..+|asyncio\.sleep|anyio\.sleep(_until|_forever)?|anyio\.current_time|.*\bloop\.time"
    r"|(datetime\.)?datetime\.(now|utcnow|today)|(datetime\.)?date\.today)$"
)


LIMITS = re.compile(
    r"^(anyio\.(move_on_after|move_on_at|fail_after|fail_at)|asyncio\.(timeout|timeout_at|wait_for))$"
)
"""Calls that `clock.timeout` replaces."""


def test_time_limits_run_on_the_injected_clock() -> None:
    def rule(module: Module) -> Iterator[str]:
        if module.name == "clock":
            return
        for line, name in imported(module):
            if LIMITS.match(name):
                yield f"{line} imports {name}"
        for call, name in called(module):
            deadline = name.endswith("CancelScope") and any(one.arg == "deadline" for one in call.keywords)
            if LIMITS.match(name) or deadline:
                yield f"{call.lineno} {name}"

    hold(rule)


def test_only_the_clock_reads_time_and_sleeps() -> None:
    def rule(module: Module) -> Iterator[str]:
        if module.name == "clock":
            return
        for line, name in imported(module):
            if name == "time" or TIME.match(name):
                yield f"{line} imports {name}"
        for call, name in called(module):
            if TIME.match(name):
                yield f"{call.lineno} {name}"

    hold(rule)


THREADS = re.compile(
    r"^(threading|_thread|concurrent|multiprocessing|subprocess)(\.|$)"
    r"|^(asyncio|anyio)\.(to_thread|to_process|to_interpreter)|\.run_in_executor$|run_in_threadpool$"
)


def test_only_threads_makes_threads_and_processes() -> None:
    def rule(module: Module) -> Iterator[str]:
        if module.name == "threads":
            return
        for line, name in imported(module):
            if THREADS.search(name):
                yield f"{line} imports {name}"
        for call, name in called(module):
            if THREADS.search(name):
                yield f"{call.lineno} {name}"

    hold(rule)


def test_tasks_are_born_in_task_groups() -> None:
    def rule(module: Module) -> Iterator[str]:
        for call, name in called(module):
            if name.endswith(("create_task", "ensure_future")):
                yield f"{call.lineno} {name}"

    hold(rule)


def test_no_queue_is_unbounded() -> None:
    def rule(module: Module) -> Iterator[str]:
        for line, name in imported(module):
            if re.match(r"^(queue|asyncio\.(\w*Queue|queues))\b", name):
                yield f"{line} imports {name}"
        for call, name in called(module):
            if name.endswith(("Queue", "create_memory_object_stream")):
                yield f"{call.lineno} {name}"
            if name in ("deque", "collections.deque") and module.name != "channel":
                bounded = len(call.args) > 1 or any(keyword.arg == "maxlen" for keyword in call.keywords)
                if not bounded:
                    yield f"{call.lineno} deque without maxlen"

    hold(rule)


def test_any_is_not_a_type() -> None:
    def rule(module: Module) -> Iterator[str]:
        for line, name in imported(module):
            if name in ("typing.Any", "typing_extensions.Any"):
                yield f"{line} imports Any"
        for node in walk(module, ast.Attribute):
            if dotted(node) == "typing.Any":
                yield f"{node.lineno} typing.Any"  # type: ignore[attr-defined]

    hold(rule, tools=True)


# ---- words -------------------------------------------------------------------------------------


def defined(module: Module) -> Iterator[tuple[int, str]]:
    """Line and name of everything that the module defines."""
    yield 1, module.path.stem
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.lineno, node.name
        elif isinstance(node, ast.alias) and node.asname:
            yield 0, node.asname


def words(name: str) -> set[str]:
    return {word.lower() for word in WORDS.findall(name)}


def test_names_are_the_fields_words() -> None:
    def rule(module: Module) -> Iterator[str]:
        for line, name in defined(module):
            wrong = words(name) & (NEVER | NOT_OUR_WORDS)
            if wrong and name not in THEIR_NAMES:
                yield f"{line} {name}"

    hold(rule)


def test_every_module_says_what_it_is() -> None:
    def rule(module: Module) -> Iterator[str]:
        if not ast.get_docstring(module.tree) and module.path.name != "__init__.py":
            yield "1 no docstring"

    hold(rule, tools=True)


def test_few_public_errors() -> None:
    errors = next(module for module in modules() if module.name == "errors")
    public = [node.name for node in errors.tree.body if isinstance(node, ast.ClassDef)]
    assert len(public) <= 6

    def rule(module: Module) -> Iterator[str]:
        # inside a module an error may be a Python exception; one that leaves the package must be one of these
        for node in walk(module, ast.ClassDef):
            assert isinstance(node, ast.ClassDef)
            ours = {dotted(base).rpartition(".")[2] for base in node.bases} & set(public)
            if ours and module.name != "errors":
                yield f"{node.lineno} {node.name} is one more public error"

    hold(rule)


# ---- texts -------------------------------------------------------------------------------------


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file of the repository except the vendored scripts and this file."""
    files = [ROOT / name for name in TEXTS]
    for folder in FOLDERS:
        files += sorted(path for path in (ROOT / folder).rglob("*") if path.is_file())
    for file in files:
        vendored = ".min." in file.name or "vendor" in file.parts
        if not file.exists() or file.suffix not in TEXT_SUFFIXES or file == Path(__file__) or vendored:
            continue
        if "__pycache__" in file.parts or any(part.endswith(".egg-info") for part in file.parts):
            continue
        try:
            yield file, file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def found(pattern: str, *, suffixes: tuple[str, ...] = ()) -> list[str]:
    wanted = re.compile(pattern)
    return [
        f"{file.relative_to(ROOT)}:{number} {line.strip()[:80]}"
        for file, text in texts()
        if not suffixes or file.suffix in suffixes
        for number, line in enumerate(text.splitlines(), 1)
        if wanted.search(line)
    ]


def test_nothing_is_left_to_do() -> None:
    assert not found(r"\b(TODO|FIXME|XXX|HACK)\b")


def test_no_path_or_registry_of_one_machine() -> None:
    assert not found(r"(?<![\w.])/(work|root|opt)/(main|shared|\.|pypi|wheels)")
    assert not found(r"--(extra-)?index-url|find-links|file:///(opt|root|work)")


def test_benchmarks_say_what_they_measure() -> None:
    for path in sorted((ROOT / "benchmarks").rglob("*.py")):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name
