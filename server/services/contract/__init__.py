"""What all steps of a contract share: its row, its states, its history."""
