"""What a station's days come to: how its cars are used, who gave what away, how hand-overs were done, what is owed."""
