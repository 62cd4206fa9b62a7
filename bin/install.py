"""Make `.venv` and install the locked packages into it; quick when there is nothing to do.

usage: python3 bin/install.py [--dev] [--extras local]

Only the standard library, and readable for old Pythons too: they must be able to say that they are too old.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "flywheel-installed.json"
OLDEST = (3, 11)
NAMES = ("python3", "python3.14", "python3.13", "python3.12", "python3.11", "python")
FREE_MB = {"core": 700, "local": 1200, "torch": 2500, "dev": 700, "project": 50}
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off")
TICK_SECONDS = 2.0
# pip's words for what went wrong, and what to tell the user.
CAUSES = (
    ("No space left on device", "The disk is full; free some space and run the same command again."),
    (
        "DO NOT MATCH THE HASHES",
        "A downloaded package is not the one that was locked; check your package index or proxy.",
    ),
    (
        r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Could not fetch URL",
        "The package index could not be reached; check the network, or name your own index with PIP_INDEX_URL=…",
    ),
    (
        r"No matching distribution found for (\S+)",
        (
            "The package index has no build of {0} for this platform ({platform}); Flywheel needs Linux with glibc "
            "2.28+ or macOS, on x86-64 or ARM64, and Python 3.11 to 3.14."
        ),
    ),
    ("Permission denied", "{venv} cannot be written by this user; remove it, or run the command as its owner."),
)


class InstallError(Exception):
    """An expected failure; its text is the whole message for the user."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Install Flywheel's locked packages into .venv.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--extras", default="", help="`local` for the local engine and training; empty leaves them out")
    options = parser.parse_args(arguments)
    try:
        install(parts(dev=options.dev, extras=options.extras.replace(",", " ").split()))
    except InstallError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


def parts(dev: bool, extras: list[str]) -> dict[str, list[str]]:
    """What to install in which order: a name and pip's arguments."""
    unknown = set(extras) - {"local"}
    if unknown:
        raise InstallError(f"EXTRAS={' '.join(extras)} is unknown; use EXTRAS=local, or EXTRAS= for none.")
    locked = ["--no-deps", "--require-hashes", "-r"]
    wanted = {"core": [*locked, "requirements/core.txt"]}
    if extras:
        wanted["local"] = [*locked, "requirements/local.txt"]
        # With its dependencies: a CPU build finds them all installed, a GPU build brings the libraries of its vendor.
        wanted["torch"] = ["-r", "requirements/torch.txt"]
    if dev:
        wanted["dev"] = [*locked, "requirements/dev.txt"]
    wanted["project"] = ["--no-deps", "--no-build-isolation", "-e", "."]
    return wanted


def install(wanted: dict[str, list[str]]) -> None:
    done = read_stamp()
    works = venv_works() and done.get("root", str(ROOT)) == str(ROOT)  # programs in a moved .venv name the old place
    missing = {name: arguments for name, arguments in wanted.items() if done.get(name) != fingerprint(name)}
    if works and not missing:
        return
    if not works:
        done, missing = {}, wanted
    print("Installing Flywheel into .venv", flush=True)
    require_space(missing)
    if not works:
        make_venv()
    for name, arguments in missing.items():
        run_pip(name, arguments)
        done.update({name: fingerprint(name), "root": str(ROOT)})
        STAMP.write_text(json.dumps(done))


def fingerprint(name: str) -> str:
    """Changes when the part must be installed again."""
    file = ROOT / ("pyproject.toml" if name == "project" else f"requirements/{name}.txt")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def read_stamp() -> dict[str, str]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def venv_works() -> bool:
    """Whether .venv has a Python that is new enough, and its pip."""
    return version_of(str(PYTHON)) >= OLDEST and any(VENV.glob("lib/python*/site-packages/pip/__main__.py"))


def make_venv() -> None:
    """Make .venv, or make it again where it is broken or half-made, with the first Python that can."""
    problem = (
        "Flywheel needs Python 3.11 or newer, and none was found on the PATH; install one (Debian and Ubuntu: "
        "`apt install python3 python3-venv`, macOS: `brew install python`) and run the same command again."
    )
    for python in candidates():
        if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode:
            problem = (
                f"{python} comes without the module venv; run `apt install python3-venv` and the same command again."
            )
            continue
        print(f"  Making .venv with {python} …", flush=True)
        answer = subprocess.run(
            [python, "-m", "venv", "--clear", str(VENV)], capture_output=True, text=True, check=False
        )
        if answer.returncode == 0:
            return
        problem = explain(answer.stdout + answer.stderr) or f".venv could not be made:\n{last_lines(answer.stdout)}"
    raise InstallError(problem)


def candidates() -> list[str]:
    """Pythons that are new enough: this one, then those on the PATH."""
    found = [sys.executable] + [path for path in map(shutil.which, NAMES) if path]
    return [python for python in dict.fromkeys(found) if version_of(python) >= OLDEST]


def version_of(python: str) -> tuple[int, ...]:
    """(3, 11) and so on; empty when it does not run, as a pyenv shim without a version does not."""
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(map(int, answer.stdout.split()))


def require_space(missing: dict[str, list[str]]) -> None:
    needed, free = sum(FREE_MB[name] for name in missing), shutil.disk_usage(ROOT).free // 1024**2
    if free < needed:
        raise InstallError(
            f"Only {free} MB are free on the disk that holds {ROOT}, and about {needed} MB are needed; free some space"
            + (", or leave out the local engine with EXTRAS=" if "torch" in missing else "")
            + "."
        )


def run_pip(name: str, arguments: list[str]) -> None:
    """Run pip, show how many packages it has come to, and keep its words for the case that it fails."""
    total = len(requirement_lines(name))
    print(f"  {name}: {total} packages …" if total > 1 else f"  {name} …", end="", flush=True)
    began = time.monotonic()
    pip = subprocess.Popen([str(PYTHON), *PIP, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output = follow(pip)
    finally:
        if pip.poll() is None:
            pip.terminate()
        pip.wait()
    if pip.returncode:
        sentence = explain(output) or f"The packages of `{name}` could not be installed."
        raise InstallError(f"{sentence}\n{last_lines(output)}")
    print(f" {time.monotonic() - began:.0f} s", flush=True)


def follow(pip: subprocess.Popen[bytes]) -> str:
    """All that pip says until it ends; every two seconds print how many packages it has come to, or a dot."""
    output, shown, tick = b"", 0, time.monotonic() + TICK_SECONDS
    while True:
        if select.select([pip.stdout], [], [], 0.2)[0]:
            chunk = os.read(pip.stdout.fileno(), 65536)
            if not chunk:
                pip.wait()
                return output.decode(errors="replace")
            output += chunk
        if time.monotonic() > tick:
            seen = len(re.findall(rb"^(?:Collecting|Requirement already satisfied)", output, re.MULTILINE))
            print(f" {seen}" if seen != shown else ".", end="", flush=True)
            shown, tick = seen, time.monotonic() + TICK_SECONDS


def requirement_lines(name: str) -> list[str]:
    file = ROOT / "requirements" / f"{name}.txt"
    return [line for line in file.read_text().splitlines() if line[:1].isalnum()] if file.exists() else []


def explain(output: str) -> str | None:
    """One sentence for the user when the cause is a known one."""
    for pattern, sentence in CAUSES:
        found = re.search(pattern, output)
        if found:
            python = ".".join(map(str, version_of(str(PYTHON))))
            machine = f"{platform.system()} {platform.machine()}, Python {python}"
            return sentence.format(*found.groups(), platform=machine, venv=VENV)
    return None


def last_lines(output: str, count: int = 5) -> str:
    """The end of pip's output, cut to the terminal, without its remarks on other people's packages and indexes."""
    remark = re.compile(r"WARNING: Location .* ignored|.*Ignored the following (yanked )?versions")
    lines = [line for line in output.splitlines() if line.strip() and not remark.match(line)]
    return "\n".join(f"    {line[:160]}" for line in lines[-count:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
