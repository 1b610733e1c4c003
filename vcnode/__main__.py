"""`python -m vcnode`."""

import sys

from vcnode.cli import main

if __name__ == "__main__":
    sys.exit(main())
