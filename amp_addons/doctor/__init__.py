"""Why nothing comes through: checks of this machine, each a function from explicit inputs to findings, so that tests are tables."""
