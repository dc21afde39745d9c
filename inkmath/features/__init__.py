"""Features: ink as the arrays a model eats."""
