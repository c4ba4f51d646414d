"""The steps of the form. Each shows a `Visit`, writes every change into its form at once, says so by `on_changed`, and
tells by `complaints()` what is still missing.
"""
