"""Steps and drivers that pack files and unpack them, refusing what is hostile."""
