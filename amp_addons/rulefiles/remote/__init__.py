"""Rule files and catalogs behind URLs: fetched, verified, kept."""
