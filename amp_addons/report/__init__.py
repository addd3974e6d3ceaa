"""A capture as one HTML file to look at and to share."""
