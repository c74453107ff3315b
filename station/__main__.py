"""`python -m station` is the `headland` command, for children that are started without it on PATH."""

from station.cli.main import main

if __name__ == "__main__":
    main()
