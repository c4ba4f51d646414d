"""What Android starts. In the package the app's files lie in one folder without a name, so it gets its name here."""

import sys
from pathlib import Path
from types import ModuleType

if "mobile_kivy" not in sys.modules:
    app = ModuleType("mobile_kivy")
    app.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules["mobile_kivy"] = app

from mobile_kivy.start import main  # only now it can be found

main()
