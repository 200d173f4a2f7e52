"""Files under attack: readers while writers are killed, links in the place of folders, other users."""
