"""`python -m amp_addons` is `amp-addons`."""

from amp_addons.cli import main

if __name__ == "__main__":
    main()
