"""What differs between a tablet and a desktop: the camera and the vibration, each behind one small interface."""
