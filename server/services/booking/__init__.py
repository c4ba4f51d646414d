"""From a question to a confirmed booking: availability, quotes, the saga that holds a car and takes the money."""
