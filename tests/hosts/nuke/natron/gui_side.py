"""Runs inside a Natron with a user interface: steps that wait without holding Natron up. Imported by tests' scripts."""

import json
import os
import time
import traceback

from PySide2 import QtCore, QtWidgets

PATIENCE = 90  # seconds for one step


def drive(steps, told, answer):
    """Go through a generator's steps, each of which yields what must hold before the next; then end Natron.

    Args:
        steps: A generator.
        told: What the test is told; gets `ticks`, how often Natron was free to look.
        answer: The file for it.
    """
    state = {"wanted": lambda: True, "since": time.monotonic()}
    told["ticks"] = 0
    timer = QtCore.QTimer()

    def end():
        with open(answer, "w") as file:
            json.dump(told, file)
        os._exit(0)

    def look():
        told["ticks"] += 1
        try:
            if state["wanted"]():
                state["wanted"], state["since"] = next(steps), time.monotonic()
            elif time.monotonic() - state["since"] > PATIENCE:
                raise TimeoutError("a step took too long")
        except StopIteration:
            end()
        except BaseException:
            told["traceback"] = traceback.format_exc()
            end()

    timer.timeout.connect(look)
    timer.start(100)
    drive.timer = timer


def answer_dialog(told):
    """Note the text of the message box that comes up, and close it."""

    def look():
        box = QtWidgets.QApplication.instance().activeModalWidget()
        if box is None:
            QtCore.QTimer.singleShot(200, look)
            return
        told["dialog"] = " ".join(label.text() for label in box.findChildren(QtWidgets.QLabel))
        box.close()

    QtCore.QTimer.singleShot(200, look)
