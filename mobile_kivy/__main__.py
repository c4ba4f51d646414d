"""`python -m mobile_kivy`: the app in a window."""

from mobile_kivy.start import main

main()
