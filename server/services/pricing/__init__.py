"""What a rental costs: days and bundles, the price with its explanations, and the tariffs that it follows."""
