"""The back office: its pages as a browser without JavaScript sees them, and in Chromium."""
