"""A board in a process of its own, to be killed: `python -m tests.board.serve FILE PORT`."""

import sys
import threading
from pathlib import Path

from .hosted import Hosted

if __name__ == "__main__":
    hosted = Hosted(Path(sys.argv[1]), port=int(sys.argv[2]))
    print(hosted.port, hosted.code, flush=True)
    threading.Event().wait()
