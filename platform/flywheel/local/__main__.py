"""Command line of the embedded services: `up`, and `run -- CMD…`."""

import sys

from flywheel.local import run, up
from flywheel.local.problems import Problem

USAGE = "usage: python -m flywheel.local up | run -- COMMAND [ARGUMENT …]"


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["up"]:
            up.main()
            return 0
        if arguments[:2] == ["run", "--"]:
            return run.main(arguments[2:])
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
